import { describe, expect, it } from 'vitest'
import type { DeliveryResult } from '../../../src/contracts/user.ts'
import { Newcomers } from '../../../src/objects/conversation/delivery/newcomers.ts'

const none = () => false

function confirm(newcomers: Newcomers, userID: string, result: DeliveryResult): number | null {
  newcomers.delivered(userID, result)
  return newcomers.confirmed(userID)
}

describe('Newcomers', () => {
  it('joins the newcomers of a shard together, once all of them have their notices', () => {
    const newcomers = new Newcomers()
    for (const [userID, shard] of [
      ['ann', 0],
      ['ben', 0],
      ['cat', 1],
    ] as const)
      newcomers.add(userID, shard, 1)
    confirm(newcomers, 'ann', 'online')
    expect(newcomers.takeReady(none)).toEqual(new Map())
    confirm(newcomers, 'cat', 'marked')
    expect(newcomers.takeReady(none)).toEqual(new Map([[1, { join: ['cat'], offline: ['cat'] }]]))
    confirm(newcomers, 'ben', 'marked')
    expect(newcomers.takeReady(none)).toEqual(new Map([[0, { join: ['ann', 'ben'], offline: ['ben'] }]]))
    expect(newcomers.isEmpty).toBe(true)
  })

  it('names only the newcomers who need the messages that came before their notices', () => {
    const newcomers = new Newcomers()
    newcomers.add('early', 0, 1)
    newcomers.countRelayed()
    for (const userID of ['ann', 'ben']) newcomers.add(userID, 0, 2)
    expect(confirm(newcomers, 'early', 'online')).toBe(1)
    expect(confirm(newcomers, 'ann', 'online')).toBeNull()
    expect([...newcomers.served]).toEqual(['early', 'ann'])
    newcomers.countRelayed()
    expect(confirm(newcomers, 'ben', 'marked')).toBeNull()
  })

  it('serves an offline newcomer whose device connects, before or after the notice', () => {
    const newcomers = new Newcomers()
    for (const userID of ['ann', 'ben', 'cat']) newcomers.add(userID, 0, 1)
    newcomers.countRelayed()
    newcomers.resume('ann')
    expect(confirm(newcomers, 'ann', 'marked')).toBe(1)
    confirm(newcomers, 'ben', 'marked')
    newcomers.resume('ben')
    expect([...newcomers.served]).toEqual(['ann', 'ben'])
    confirm(newcomers, 'cat', 'marked')
    expect(newcomers.takeReady(none).get(0)).toEqual({ join: ['ann', 'ben', 'cat'], offline: ['cat'] })
    expect([...newcomers.served]).toEqual([])
  })

  it('lets a newcomer wait whose next delivery is in flight', () => {
    const newcomers = new Newcomers()
    newcomers.add('ann', 0, 1)
    confirm(newcomers, 'ann', 'online')
    expect(newcomers.takeReady(() => true)).toEqual(new Map())
    expect(newcomers.takeReady(none)).toEqual(new Map([[0, { join: ['ann'], offline: [] }]]))
  })

  it('does not wait for a newcomer who has left, and joins 250 without waiting for the others', () => {
    const newcomers = new Newcomers()
    newcomers.add('gone', 0, 1)
    newcomers.add('ann', 0, 1)
    confirm(newcomers, 'ann', 'marked')
    newcomers.drop('gone')
    expect(newcomers.takeReady(none).get(0)?.join).toEqual(['ann'])
    for (let i = 0; i < 300; i++) newcomers.add(`n${i}`, 0, 1)
    for (let i = 0; i < 249; i++) confirm(newcomers, `n${i}`, 'marked')
    expect(newcomers.takeReady(none)).toEqual(new Map())
    confirm(newcomers, 'n249', 'marked')
    expect(newcomers.takeReady(none).get(0)?.join).toHaveLength(250)
  })
})
