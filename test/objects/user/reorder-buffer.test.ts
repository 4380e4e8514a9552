import { describe, expect, it } from 'vitest'
import { ReorderBuffer } from '../../../src/objects/user/state/reorder-buffer.ts'

const m = (...seqs: number[]) => seqs.map((seq) => ({ seq }))

describe('messages of a log', () => {
  it('are passed on by seq, whichever way is faster', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    expect(order.take('a', m(1))).toEqual(m(1))
    expect(order.take('a', m(3))).toEqual([])
    expect(order.isWaiting('a')).toBe(true)
    expect(order.take('a', m(4, 2))).toEqual(m(2, 3, 4))
    expect(order.isWaiting('a')).toBe(false)
    expect(order.highestSeq('a')).toBe(4)
  })

  it('are passed on once', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    order.take('a', m(1, 2))
    expect(order.take('a', m(1, 2, 3))).toEqual(m(3))
    order.take('a', m(5))
    expect(order.take('a', m(5))).toEqual([])
  })

  it('that came before anything was known are not lost', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    expect(order.take('a', m(21))).toEqual(m(21))
    expect(order.take('a', m(20))).toEqual(m(20))
  })

  it('go on without one that does not come, which is passed on when it comes after all', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    order.take('a', m(1))
    order.take('a', m(4))
    order.take('a', m(3))
    expect(order.flushOverdue('a')).toEqual(m(3, 4))
    expect(order.take('a', m(5))).toEqual(m(5))
    expect(order.take('a', m(2))).toEqual(m(2))
    expect(order.take('a', m(2))).toEqual([])
  })

  it('begin anew when nobody was there, and how high they were is still known', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    order.take('a', m(1, 2, 5))
    order.resetAll()
    expect(order.hasSeen('a')).toBe(false)
    expect(order.isWaiting('a')).toBe(false)
    expect(order.highestSeq('a')).toBe(5)
    expect(order.take('a', m(9))).toEqual(m(9))
    expect(order.highestSeq('a')).toBe(9)
  })

  it('do not wait for those of another log', () => {
    const order = new ReorderBuffer<{ seq: number }>()
    order.take('a', m(1))
    expect(order.take('b', m(7))).toEqual(m(7))
  })
})
