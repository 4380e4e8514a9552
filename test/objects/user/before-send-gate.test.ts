import { describe, expect, it } from 'vitest'
import { BeforeSendGate } from '../../../src/objects/user/state/before-send-gate.ts'

describe('the before-send gate', () => {
  it('starts tasks of one key in order, even when a later task is ready earlier', async () => {
    const gate = new BeforeSendGate()
    const started: string[] = []
    const [slow, fast, end] = [
      Promise.withResolvers<string>(),
      Promise.withResolvers<string>(),
      Promise.withResolvers(),
    ]
    const first = gate.enter('key', slow.promise, async (given) => {
      started.push(given)
      await end.promise
    })
    const second = gate.enter('key', fast.promise, async (given) => void started.push(given))
    fast.resolve('second')
    await gate.enter('other key', Promise.resolve('elsewhere'), async (given) => void started.push(given))
    expect(started).toEqual(['elsewhere'])
    expect(gate.hasWaiting('key')).toBe(true)
    slow.resolve('first')
    await second
    expect(started).toEqual(['elsewhere', 'first', 'second'])
    end.resolve(null)
    await first
    expect(gate.hasWaiting('key')).toBe(false)
  })

  it('fails only the task whose condition failed', async () => {
    const gate = new BeforeSendGate()
    const slow = Promise.withResolvers<void>()
    const before = gate.enter('key', slow.promise, async () => 'before')
    const refused = gate.enter('key', Promise.reject(new Error('refused')), async () => 'never')
    const after = gate.enter('key', Promise.resolve(), async () => 'after')
    slow.resolve()
    await expect(refused).rejects.toThrow('refused')
    expect(await Promise.all([before, after])).toEqual(['before', 'after'])
    expect(gate.hasWaiting('key')).toBe(false)
  })
})
