import { describe, expect, it } from 'vitest'
import { ReorderBuffer } from '../../../src/objects/user/state/reorder-buffer.ts'

const m = (...seqs: number[]) => seqs.map((seq) => ({ seq }))

describe('the reorder buffer', () => {
  it('returns messages in the order of their seqs when they arrive in another order', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    expect(buffer.take('a', m(1))).toEqual(m(1))
    expect(buffer.take('a', m(3))).toEqual([])
    expect(buffer.highestWaiting('a')).toBe(3)
    expect(buffer.take('a', m(4, 2))).toEqual(m(2, 3, 4))
    expect(buffer.highestWaiting('a')).toBe(0)
    expect(buffer.highestSeq('a')).toBe(4)
  })

  it('drops a message that the buffer has already returned or still holds', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1, 2))
    expect(buffer.take('a', m(1, 2, 3))).toEqual(m(3))
    buffer.take('a', m(5))
    expect(buffer.take('a', m(5))).toEqual([])
  })

  it('returns a message with a lower seq than its first message', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    expect(buffer.take('a', m(21))).toEqual(m(21))
    expect(buffer.take('a', m(20))).toEqual(m(20))
  })

  it('stops waiting for a missing message, and returns the message when it arrives later', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1))
    buffer.take('a', m(4))
    buffer.take('a', m(3))
    expect(buffer.flushOverdue('a')).toEqual(m(3, 4))
    expect(buffer.take('a', m(5))).toEqual(m(5))
    expect(buffer.take('a', m(2))).toEqual(m(2))
    expect(buffer.take('a', m(2))).toEqual([])
  })

  it('restarts after a reset, and keeps the highest seq', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1, 2, 5))
    buffer.resetAll()
    expect(buffer.hasSeen('a')).toBe(false)
    expect(buffer.highestWaiting('a')).toBe(0)
    expect(buffer.highestSeq('a')).toBe(5)
    expect(buffer.take('a', m(9))).toEqual(m(9))
    expect(buffer.highestSeq('a')).toBe(9)
  })

  it('flushes only the messages that have waited their time', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1, 3))
    const overdue = buffer.highestWaiting('a')
    buffer.take('a', m(2, 6))
    expect(buffer.flushOverdue('a', overdue)).toEqual([])
    expect(buffer.take('a', m(4, 5))).toEqual(m(4, 5, 6))
  })

  it('returns the messages that follow directly on flushed ones', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1, 3))
    buffer.take('a', m(4))
    expect(buffer.flushOverdue('a', 3)).toEqual(m(3, 4))
    expect(buffer.take('a', m(5, 2))).toEqual(m(5, 2))
  })

  it('lets messages of an unseen log wait for the seq that is expected', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.expectFrom('a', 7)
    expect(buffer.take('a', m(8))).toEqual([])
    expect(buffer.take('a', m(7))).toEqual(m(7, 8))
    buffer.expectFrom('a', 1)
    expect(buffer.take('a', m(9))).toEqual(m(9))
  })

  it('starts an unseen log with its held messages, when a message of the user itself has a higher seq', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.hold('a', m(9, 10))
    expect(buffer.hasSeen('a')).toBe(false)
    expect(buffer.highestSeq('a')).toBe(10)
    expect(buffer.take('a', m(12))).toEqual([])
    expect(buffer.release('a')).toEqual(m(9, 10))
    expect(buffer.take('a', m(11))).toEqual(m(11, 12))
    expect(buffer.release('a')).toEqual([])
  })

  it('returns held messages after a message of the user itself with a lower seq', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.hold('a', m(9))
    expect(buffer.take('a', m(8))).toEqual(m(8))
    expect(buffer.release('a')).toEqual(m(9))
  })

  it('forgets held messages at a reset, because the next sync names them', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.hold('a', m(9))
    buffer.resetAll()
    expect(buffer.release('a')).toEqual([])
    expect(buffer.highestSeq('a')).toBe(9)
  })

  it('returns a copy at once when no lower seq is on its way', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    expect(buffer.takeCopy('a', { seq: 5 })).toEqual(m(5))
    buffer.take('a', m(6, 7))
    expect(buffer.takeCopy('a', { seq: 7 })).toEqual(m(7))
    expect(buffer.takeCopy('a', { seq: 8 })).toEqual(m(8))
    expect(buffer.take('a', m(8))).toEqual(m(8))
  })

  it('lets a copy wait for lower seqs, and still returns the message itself', () => {
    const buffer = new ReorderBuffer<{ seq: number; copy?: boolean }>()
    buffer.expectFrom('a', 4)
    expect(buffer.takeCopy('a', { seq: 6, copy: true })).toEqual([])
    expect(buffer.highestWaiting('a')).toBe(6)
    expect(buffer.take('a', m(4))).toEqual(m(4))
    expect(buffer.take('a', m(5))).toEqual([{ seq: 5 }, { seq: 6, copy: true }])
    expect(buffer.take('a', m(6, 7))).toEqual(m(6, 7))
  })

  it('returns a copy that waited its time, and later the lower messages and the message itself', () => {
    const buffer = new ReorderBuffer<{ seq: number; copy?: boolean }>()
    buffer.expectFrom('a', 4)
    buffer.takeCopy('a', { seq: 6, copy: true })
    expect(buffer.flushOverdue('a', 6)).toEqual([{ seq: 6, copy: true }])
    expect(buffer.take('a', m(4, 5, 6, 7))).toEqual(m(4, 5, 6, 7))
  })

  it('does not wait for messages of another log', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1))
    expect(buffer.take('b', m(7))).toEqual(m(7))
  })
})
