import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { openIndexedDB } from '../../sdk/src/client/store/indexed-db.ts'
import { MemoryStore } from '../../sdk/src/client/store/memory.ts'
import type { StoreChange } from '../../sdk/src/client/types.ts'

describe('the IndexedDB store', () => {
  it('answers like the memory store after any changes', async () => {
    const stores = [await openIndexedDB('model'), new MemoryStore()] as const
    let seed = 7
    const random = (bound: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % bound
    }
    for (let step = 0; step < 100; step++) {
      const conversationID = `c${random(3)}`
      const from = random(20)
      const changes: StoreChange[] = [
        { table: 'messages', key: [conversationID, random(20)], value: { step } },
        { table: 'state', key: `s${random(5)}`, value: step },
      ]
      if (random(4) === 0) changes.push({ table: 'messages', key: [conversationID, random(20)], isDeletion: true })
      if (random(8) === 0) {
        const bounds = { from: [conversationID, from] as const, to: [conversationID, from + 3] as const }
        changes.push({ table: 'messages', ...bounds, isDeletion: true })
      }
      for (const store of stores) await store.write(changes)
      const options = { limit: 1 + random(6), isDescending: random(2) === 0 }
      const [actual, expected] = await Promise.all(
        stores.map(async (store) => [
          await store.range('messages', [conversationID, from], [conversationID, 30], options),
          await store.get('state', 's1'),
        ]),
      )
      expect(actual).toEqual(expected)
    }
  })

  it('has its rows after it is opened again, and none after it is destroyed', async () => {
    const store = await openIndexedDB('reopened')
    await store.write([{ table: 'outbox', key: 'id', value: 1 }])
    await store.close()
    const again = await openIndexedDB('reopened')
    expect(await again.get('outbox', 'id')).toBe(1)
    await again.destroy()
    expect(await (await openIndexedDB('reopened')).get('outbox', 'id')).toBeUndefined()
  })
})
