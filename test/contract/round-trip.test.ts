import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument } from '../../src/http/docs/api-document.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { expectHolds } from '../rigs/generated.ts'
import { request, until } from '../rigs/rig.ts'
import { hostileText, storableText } from './hostile-texts.ts'
import { Stage } from './round-trip-stage.ts'
import { OTHER_TEXTS, STORING_CALLS, type StoringCall, type Texts } from './round-trip-table.ts'
import { textFieldsOf } from './text-fields.ts'

/*
 * A call that stores a text either refuses the text with 1001 and a sentence, or every call, push and webhook returns
 * the text as it was given.
 */

let stage: Stage

beforeAll(async () => {
  stage = await Stage.open()
})
afterAll(() => stage.close())

const calls = Object.entries(STORING_CALLS)

/** Whether a name such as `content.*` stands for the field. */
const isInside = (field: string, name: string) => name.endsWith('.*') && field.startsWith(name.slice(0, -1))

describe('the table of calls that store texts', () => {
  it('has every free text of every call, or a reason why the text is not read back', async () => {
    const document: ApiDocument = await (await request('/openapi.json')).json()
    const missing = endpoints.flatMap(({ path }) => {
      // A message's push information has an `ex` too.
      const stored = (STORING_CALLS[path]?.fields ?? []).map((name) => (name === 'pushEx' ? 'ex' : name))
      const known = [...stored, ...Object.keys(OTHER_TEXTS[path] ?? {})]
      const isKnown = (field: string) =>
        known.some((name) => name === '*' || name === field || field.endsWith(`.${name}`) || isInside(field, name))
      const unknown = textFieldsOf(document, path).filter((field) => !isKnown(field))
      return unknown.length > 0 ? [`${path}: ${unknown.join(', ')}`] : []
    })
    expect(missing).toEqual([])
  })
})

/** Texts that once were read back with other characters, or not at all. */
const FOUND: readonly [string, Texts][] = [
  [
    '/group/set_group_info_ex',
    { groupName: ' G ', notification: '  news\n', introduction: ' i\t', faceURL: ' f ', ex: '\ufeffx ' },
  ],
  ['/user/set_user_client_config', { key: '__proto__', value: 'v' }],
  ['socket SendMsg with a content of any form', { content: '\ufeff{"data":"x"}' }],
]

describe('a text that once was changed', () => {
  it.each(FOUND)('is refused with a sentence, or read back equal everywhere, after %s', async (path, texts) => {
    await roundTrips(STORING_CALLS[path] as StoringCall, texts)
  })
})

describe('a hostile text', () => {
  it.each(calls)('is refused with a sentence, or read back equal everywhere, after %s', async (_path, call) => {
    let stored = 0
    const property = fc.asyncProperty(textsFor(call), async (texts) => {
      if (await roundTrips(call, texts)) stored++
    })
    // A failing case waits for an answer that does not come, so that shrinking takes minutes.
    await expectHolds(property, { runs: 8, canShrink: false })
    expect(stored).toBeGreaterThan(0)
  })
})

/** Half of the runs give every field a text that can be stored; in the other half one field gets any text. */
function textsFor({ fields }: StoringCall): fc.Arbitrary<Texts> {
  const all = fc.record(Object.fromEntries(fields.map((field) => [field, storableText])), { noNullPrototype: true })
  const oneBad = fc
    .tuple(all, fc.constantFrom(...fields), hostileText)
    .map(([texts, field, text]) => ({ ...texts, [field]: text }))
  return fc.oneof(all, oneBad)
}

/** @returns whether the texts were stored */
async function roundTrips(call: StoringCall, given: Texts): Promise<boolean> {
  const texts = { ...given }
  for (const field of call.unique ?? []) texts[field] = stage.fresh(given[field] ?? '')
  for (const field of call.notBlank ?? []) if (texts[field]?.trim() === '') texts[field] = 'x'
  stage.forget()
  const reply = await inTime('the call', call.store(stage, texts))
  if (reply.errCode !== 0) {
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringMatching(/^.{10,}/s) })
    return false
  }
  for (const { name, shows, read } of call.readers) {
    const wanted = shows.flatMap((show) => {
      const [field = '', at = field] = show.split(':')
      return texts[field] === undefined ? [] : [[at, texts[field]]]
    })
    let shown: unknown
    const agrees = async () => {
      const answer = await inTime(name, Promise.resolve(read(stage, texts)))
      shown = wanted.map(([at = '']) => [at, valueAt(answer, at)])
      return JSON.stringify(shown) === JSON.stringify(wanted)
    }
    await until(agrees, 2_000).catch((error) => {
      if (shown === undefined) throw error
      // A report of the difference between two texts of 100,000 characters takes minutes.
      throw new Error(`${name}: ${differences(shown, wanted)}`)
    })
  }
  return true
}

/** The fields that differ, each with the begin of both texts. */
function differences(shown: unknown, wanted: readonly unknown[]): string {
  const begin = (value: unknown) => `${JSON.stringify(value)}`.slice(0, 200)
  const pairs = (shown as unknown[]).map((given, i) => [given, wanted[i]])
  const unequal = pairs.filter(([a, b]) => JSON.stringify(a) !== JSON.stringify(b))
  return unequal.map(([a, b]) => `${begin(a)} instead of ${begin(b)}`).join('; ')
}

const DEADLINE_MS = 10_000

/** Names the step that hangs. */
function inTime<Answer>(step: string, answer: Promise<Answer>): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${step} did not answer within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

const valueAt = (answer: unknown, path: string) =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], answer)
