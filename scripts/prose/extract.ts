/** A piece of prose in a file. */
export interface Text {
  kind: 'comment' | 'title' | 'sentence' | 'page'
  line: number
  text: string
}

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** `it(`, `it.each([...])(` and the like stand right before the title. */
const BEFORE_TITLE = /\b(?:it|test)(?:\.\w+)*\(\s*$|\b(?:it|test)\.each\b[\s\S]{0,4000}?\]\s*(?:as const\s*)?\)\(\s*$/
/** A log message, an error's sentence, or a description in the API's documentation. */
const BEFORE_SENTENCE =
  /(?:\blog\.(?:debug|info|warn|error)|\bImError\.\w+|\b\w*(?:Error|Refusal|Failure)|\bdoes|\banswers|\bsummary:|\bdescription:)\(?\s*$|\babout\([^'"`]*,\s*$/

const LOOK_BACK = 4_200

/** Comments, test titles and sentences for people in TypeScript. */
export function proseInCode(source: string): Text[] {
  const texts: Text[] = []
  let open: Text | null = null
  for (const match of source.matchAll(TOKEN)) {
    const at = match.index
    const token = match[0]
    const line = lineOf(source, at)
    if (token.startsWith('//')) {
      const text = token.slice(2).trim()
      // Line comments that follow each other are one text.
      if (open && isRightBelow(source, open, line)) open.text += ` ${text}`
      else {
        open = { kind: 'comment', line, text }
        texts.push(open)
      }
      continue
    }
    open = null
    if (token.startsWith('/*')) {
      for (const block of paragraphsOf(token))
        texts.push({ kind: 'comment', line: line + block.offset, text: block.text })
      continue
    }
    const before = source.slice(Math.max(0, at - LOOK_BACK), at)
    const text = token.slice(1, -1).replaceAll(/\\(['"`])/g, '$1')
    if (BEFORE_TITLE.test(before.slice(Math.max(0, before.lastIndexOf('\n\n')))))
      texts.push({ kind: 'title', line, text })
    else if (BEFORE_SENTENCE.test(before.slice(-120))) texts.push({ kind: 'sentence', line, text })
  }
  return texts
}

function isRightBelow(source: string, { line, text }: Text, next: number): boolean {
  const between = source.split('\n').slice(line - 1, next)
  return text !== '' && between.every((row) => row.trim().startsWith('//'))
}

/** The paragraphs of a block comment; tags and list items begin one of their own. */
function paragraphsOf(comment: string): { offset: number; text: string }[] {
  const paragraphs: { offset: number; text: string }[] = []
  let isOpen = false
  const rows = comment
    .replace(/^\/\*\*?/, '')
    .replace(/\*\/$/, '')
    .split('\n')
  for (const [offset, row] of rows.entries()) {
    const text = row.replace(/^\s*\*? ?/, '').trim()
    if (text === '') {
      isOpen = false
      continue
    }
    const last = paragraphs.at(-1)
    if (isOpen && last && !/^(@|[-*] |\d+\. |\|)/.test(text)) last.text += ` ${text}`
    else paragraphs.push({ offset, text })
    isOpen = true
  }
  return paragraphs
}

/** Paragraphs, headings and cells of a page; code is left out. */
export function proseInMarkdown(source: string): Text[] {
  const texts: Text[] = []
  let inCode = false
  let isOpen = false
  for (const [i, row] of source.split('\n').entries()) {
    const text = row.trim()
    if (/^(```|~~~)/.test(text)) {
      inCode = !inCode
      isOpen = false
      continue
    }
    if (inCode || text === '' || text.startsWith('<')) {
      isOpen = false
      continue
    }
    const begins = /^(#|[-*] |\d+\. |\||>)/.test(text)
    const last = texts.at(-1)
    if (isOpen && !begins && last) {
      last.text += ` ${text}`
      continue
    }
    const plain = text.replace(/^(#+|[-*]|\d+\.|>)\s+/, '')
    const parts = text.startsWith('|') ? plain.split('|').map((cell) => cell.trim()) : [plain]
    for (const part of parts) if (part !== '') texts.push({ kind: 'page', line: i + 1, text: part })
    isOpen = !text.startsWith('|') && !text.startsWith('#')
  }
  return texts
}

function lineOf(source: string, at: number): number {
  let line = 1
  for (let i = source.indexOf('\n'); i >= 0 && i < at; i = source.indexOf('\n', i + 1)) line++
  return line
}
