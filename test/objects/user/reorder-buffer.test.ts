import { describe, expect, it } from 'vitest'
import { ReorderBuffer } from '../../../src/objects/user/state/reorder-buffer.ts'

const m = (...seqs: number[]) => seqs.map((seq) => ({ seq }))

describe('the reorder buffer', () => {
  it('returns messages in the order of their seqs when they arrive in another order', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    expect(buffer.take('a', m(1))).toEqual(m(1))
    expect(buffer.take('a', m(3))).toEqual([])
    expect(buffer.isWaiting('a')).toBe(true)
    expect(buffer.take('a', m(4, 2))).toEqual(m(2, 3, 4))
    expect(buffer.isWaiting('a')).toBe(false)
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
    expect(buffer.isWaiting('a')).toBe(false)
    expect(buffer.highestSeq('a')).toBe(5)
    expect(buffer.take('a', m(9))).toEqual(m(9))
    expect(buffer.highestSeq('a')).toBe(9)
  })

  it('does not wait for messages of another log', () => {
    const buffer = new ReorderBuffer<{ seq: number }>()
    buffer.take('a', m(1))
    expect(buffer.take('b', m(7))).toEqual(m(7))
  })
})
