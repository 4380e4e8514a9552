import { expect, it } from 'vitest'
import { OrderedGate } from '../../../src/objects/user/state/ordered-gate.ts'

it('what is ready early begins after what came before it, and does not wait for that to end', async () => {
  const turns = new OrderedGate()
  const begun: string[] = []
  const [slow, fast, end] = [Promise.withResolvers<string>(), Promise.withResolvers<string>(), Promise.withResolvers()]
  const first = turns.begin('line', slow.promise, async (given) => {
    begun.push(given)
    await end.promise
  })
  const second = turns.begin('line', fast.promise, async (given) => void begun.push(given))
  fast.resolve('second')
  await turns.begin('other line', Promise.resolve('elsewhere'), async (given) => void begun.push(given))
  expect(begun).toEqual(['elsewhere'])
  expect(turns.waits('line')).toBe(true)
  slow.resolve('first')
  await second
  expect(begun).toEqual(['elsewhere', 'first', 'second'])
  end.resolve(null)
  await first
  expect(turns.waits('line')).toBe(false)
})

it('a failure takes only its own place out of the line', async () => {
  const turns = new OrderedGate()
  const slow = Promise.withResolvers<void>()
  const before = turns.begin('line', slow.promise, async () => 'before')
  const refused = turns.begin('line', Promise.reject(new Error('refused')), async () => 'never')
  const after = turns.begin('line', Promise.resolve(), async () => 'after')
  slow.resolve()
  await expect(refused).rejects.toThrow('refused')
  expect(await Promise.all([before, after])).toEqual(['before', 'after'])
  expect(turns.waits('line')).toBe(false)
})
