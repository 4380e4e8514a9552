import { describe, expect, it } from 'vitest'
import { findUnplain } from '../../scripts/check-prose.ts'

/** The reasons against the only text in a file. */
function why(source: string, path = 'src/sync/a.ts'): string[] {
  return findUnplain(path, source).map((finding) => finding.why)
}

describe('check-prose: comments', () => {
  it.each([
    '/** What is left of a job. */',
    '// Who is not known is not counted.',
    '/** Counts calls. Whoever is over the limit waits. */',
    '/** Whose token it is. */',
    '/**\n * Behind what is on its way nothing is left out.\n */',
    '/**\n * Sends.\n * @param which What of it.\n */',
  ])('refuses the headless sentence in %j', (source) => {
    expect(why(source)).toContain('the first word is the thing that acts, or a verb')
  })

  it.each([
    ['// A lane that owes something.', '"owes"'],
    ['// Tells the app.', '"Tells"'],
    ['// Waits so long.', '"so long"'],
    ['// Members who are away.', '"are away"'],
    ['/** Opened by calls that come thick and fast. */', '"thick and fast"'],
    ['/** A key that is none. */', '"is none"'],
  ])('refuses the banned words in %j', (source, word) => {
    expect(why(source).join()).toContain(word)
  })

  it.each([
    '/** Which members are online. Whether a device is connected. */',
    '// What happens after a crash?',
    '// Waits as long as the webhook may take, so long as the object lives.',
    '// `Who` and "what is owed" are quotations.',
    '// The seq tells apart two messages.',
    "const text = 'Who is told'",
  ])('accepts %j', (source) => {
    expect(why(source)).toEqual([])
  })

  it('reads line comments that follow each other as one text, and reports the first line', () => {
    const source = 'const a = 1\n// The queue keeps what\n// nobody has read.\n'
    expect(findUnplain('src/a.ts', source)).toMatchObject([{ line: 2, text: 'The queue keeps what nobody has read.' }])
  })
})

describe('check-prose: titles', () => {
  it.each([
    "it('a muted member is refused', () => {})",
    "test('nothing is lost', () => {})",
    "it.each([1, 2])('a page of %i', () => {})",
    "it.each([\n  ['a', 1],\n])('the %s of %i', () => {})",
  ])('refuses %j, which does not begin with a verb', (source) => {
    expect(why(source, 'test/a.test.ts')).toEqual(['a test title begins with a verb'])
  })

  it.each(["it('refuses a muted member', () => {})", "it.each(['a'])('%s is refused', () => {})"])(
    'accepts %j',
    (source) => {
      expect(why(source, 'test/a.test.ts')).toEqual([])
    },
  )

  it('refuses a title over 100 characters', () => {
    expect(why(`it('refuses ${'x'.repeat(100)}', () => {})`, 'test/a.test.ts').join()).toContain('at most 100')
  })
})

describe('check-prose: sentences', () => {
  it.each([
    "log.warn('a user was rung', {})",
    "throw ImError.args('nobody has this id')",
    'throw new HookFailure(`nobody answers`)',
    "about(str(), 'What the message says')",
  ])('refuses %j', (source) => {
    expect(why(source).length).toBe(1)
  })
})

describe('check-prose: pages', () => {
  const page = (text: string) => why(text, 'docs/a.md')

  it('reads paragraphs, headings, list items and cells, and skips code', () => {
    expect(page('# Who is rung').length).toBe(2)
    expect(page('- Nobody\n  reads it.').length).toBe(1)
    expect(page('| a | somebody |').length).toBe(1)
    expect(page('```sh\n# tell nobody\n```\nA `told` message.')).toEqual([])
  })
})
