import type { Text } from './extract.ts'

/** The reason against a text, and the sentence that breaks the rule. */
export interface Objection {
  text: string
  why: string
}

const MAX_TITLE_CHARS = 100

/** A sentence begins with the thing that acts or with a verb. */
const HEADLESS = /^(?:What|Who|Whom|Whoever|Whose|Whatever|Behind|Of (?!course))\b/
const QUESTION = /\?\W*$/

/** Words of a private dialect, and the plain ones. */
const BANNED: readonly [RegExp, string][] = [
  [/\b(?:nobody|somebody|whoever|whom|anew)\b/i, 'name the agent'],
  [/\b(?:tell|tells|telling|told)\b(?! apart)/i, 'say report, notify, answer, show, know'],
  [/\b(?:ring|rings|ringing|rung)\b/i, 'say push'],
  [/\b(?:spare|spares|spared)\b/i, 'say skip'],
  [/\b(?:owe|owes|owed)\b/i, 'say undelivered, pending'],
  [/\b(?:bring|brings|bringing|brought)\b/i, 'say deliver, send, move'],
  [/\b(?:come|comes|came|coming) back\b/i, 'say reconnect, return'],
  [/\b(?:is|are|was|were|be|who|been) away\b/i, 'say offline'],
  [/\b(?:spell|spells)\b/i, 'say busy period, alarm'],
  [/\bso (?:many|long|far)\b(?! (?:as|that)\b)/i, 'name the number or the condition'],
  [/\b(?:thick and fast|in vain|to be had|a word of|once more)\b/i, 'say it literally'],
  [/\bis none\b(?! of)|\bare none\b(?! of)/i, 'repeat the noun'],
]

/** `refuses …`, `does not …`, `is …`: what the unit does. */
const VERB_FIRST = /^(?:is|are|has|have|can|cannot|may|must|does|do|[a-z]+(?:s|es))\b/
const PLACEHOLDER_FIRST = /^[%$`]/

/** Every objection to a text. */
export function objectionsTo({ kind, text }: Text): Objection[] {
  const plain = withoutCode(text)
  const found = sentencesOf(plain).flatMap((sentence) => objectionsToSentence(sentence))
  if (kind !== 'title') return found
  if (text.length > MAX_TITLE_CHARS) found.push({ text, why: `a test title has at most ${MAX_TITLE_CHARS} characters` })
  if (!VERB_FIRST.test(plain) && !PLACEHOLDER_FIRST.test(text)) {
    found.push({ text, why: 'a test title begins with a verb' })
  }
  return found
}

function objectionsToSentence(sentence: string): Objection[] {
  const found: Objection[] = []
  if (HEADLESS.test(sentence) && !QUESTION.test(sentence)) {
    found.push({ text: sentence, why: 'the first word is the thing that acts, or a verb' })
  }
  for (const [pattern, why] of BANNED) {
    const word = pattern.exec(sentence)?.[0]
    if (word !== undefined) found.push({ text: sentence, why: `"${word}": ${why}` })
  }
  return found
}

/** Code, links and quotations are not our words. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/`[^`]*`/g, 'it')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/"[^"]*"/g, 'it')
    .replace(/^@param \S+\s+(?:- )?|^@\w+\s*/, '')
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?:])\s+(?=["'([]*[A-Z])/).filter((sentence) => sentence !== '')
}
