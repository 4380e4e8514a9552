import { describe, expect, it } from 'vitest'
import { Backoff } from '../../sdk/src/client/connection/backoff.ts'
import { contentToSend, decodeContent, encodeContent } from '../../sdk/src/client/messages/content.ts'
import { knownFrom, missingIn, withRange } from '../../sdk/src/client/messages/ranges.ts'
import type { Outgoing } from '../../sdk/src/client/types.ts'
import { md5 } from '../../sdk/src/client/upload/md5.ts'

describe('ranges of seqs', () => {
  it('joins ranges when they touch or overlap, and keeps them apart otherwise', () => {
    expect(withRange([[1, 3]], [4, 6])).toEqual([[1, 6]])
    expect(
      withRange(
        [
          [1, 3],
          [8, 9],
        ],
        [5, 6],
      ),
    ).toEqual([
      [1, 3],
      [5, 6],
      [8, 9],
    ])
    expect(
      withRange(
        [
          [1, 3],
          [8, 9],
        ],
        [2, 8],
      ),
    ).toEqual([[1, 9]])
    expect(withRange([[1, 3]], [5, 4])).toEqual([[1, 3]])
  })

  it('lists the missing parts between known ranges', () => {
    expect(
      missingIn(
        [
          [3, 4],
          [8, 9],
        ],
        [1, 10],
      ),
    ).toEqual([
      [1, 2],
      [5, 7],
      [10, 10],
    ])
    expect(missingIn([[1, 10]], [3, 5])).toEqual([])
    expect(knownFrom([[3, 6]], 5)).toBe(3)
    expect(knownFrom([[3, 6]], 7)).toBeUndefined()
  })
})

describe('Backoff', () => {
  it('doubles its bound from 1 s to 30 s, and begins again after a reset', () => {
    const backoff = new Backoff(() => 0.999)
    const delays = Array.from({ length: 7 }, () => Math.ceil(backoff.nextMs() / 1000))
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30])
    backoff.reset()
    expect(backoff.nextMs()).toBeLessThan(1_000)
  })
})

describe('contents', () => {
  const outgoing: Outgoing[] = [
    { kind: 'text', text: 'hello' },
    { kind: 'markdown', text: '**hello**' },
    { kind: 'mention', text: '@Bob', mentions: [{ userID: 'bob', groupNickname: 'Bob' }], isAtAll: true },
    { kind: 'card', user: { userID: 'bob', nickname: 'Bob', faceURL: 'f', ex: 'e' } },
    { kind: 'location', description: 'here', longitude: 1.5, latitude: -2 },
    { kind: 'custom', data: '{}', description: 'd', extension: 'x' },
    { kind: 'face', index: 3, data: 'smile' },
    { kind: 'voice', file: new Blob(['v'], { type: 'audio/mp4' }), seconds: 3 },
    { kind: 'video', file: new Blob(['v'], { type: 'video/mp4' }), seconds: 3, width: 4, height: 5 },
    { kind: 'file', file: new Blob(['f'], { type: 'text/plain' }), name: 'a.txt' },
    { kind: 'picture', file: new Blob(['p'], { type: 'image/png' }), width: 4, height: 5 },
    { kind: 'merged', title: 'two', summaries: ['a', 'b'], messages: [] },
  ]

  it.each(outgoing.map((content) => [content.kind, content] as const))(
    'reads the content of a %s as it was sent',
    (_kind, given) => {
      const content = contentToSend(given, 'alice', ['http://files/1', 'http://files/2'])
      const { contentType, json } = encodeContent(content)
      expect(decodeContent(contentType, JSON.stringify(json), 'alice')).toEqual(content)
    },
  )

  it('keeps unknown kinds and broken JSON as they are', () => {
    expect(decodeContent(121, '{"a":1}', 'alice')).toEqual({ kind: 'unknown', contentType: 121, raw: '{"a":1}' })
    expect(decodeContent(101, 'no JSON', 'alice')).toEqual({ kind: 'unknown', contentType: 101, raw: 'no JSON' })
  })
})

describe('md5', () => {
  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      '57edf4a22be3c955ac49da2e2107b67a',
    ],
  ])('gives the digest of RFC 1321 for "%s"', (text, digest) => {
    expect(md5(new TextEncoder().encode(text))).toBe(digest)
  })
})
