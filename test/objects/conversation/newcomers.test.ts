import { describe, expect, it } from 'vitest'
import { Newcomers } from '../../../src/objects/conversation/delivery/newcomers.ts'

const none = () => false

describe('Newcomers', () => {
  it('joins the newcomers of a shard together, once all of them have their notices', () => {
    const newcomers = new Newcomers()
    for (const [userID, shard] of [
      ['ann', 0],
      ['ben', 0],
      ['cat', 1],
    ] as const)
      newcomers.add(userID, shard)
    newcomers.delivered('ann', true)
    expect(newcomers.takeReady(none)).toEqual(new Map())
    newcomers.delivered('cat', false)
    expect(newcomers.takeReady(none)).toEqual(new Map([[1, { join: ['cat'], offline: ['cat'] }]]))
    newcomers.delivered('ben', false)
    expect(newcomers.takeReady(none)).toEqual(new Map([[0, { join: ['ann', 'ben'], offline: ['ben'] }]]))
    expect(newcomers.isEmpty).toBe(true)
  })

  it('lets a newcomer wait whose next delivery is in flight, and takes the newest result', () => {
    const newcomers = new Newcomers()
    newcomers.add('ann', 0)
    newcomers.delivered('ann', false)
    expect(newcomers.takeReady(() => true)).toEqual(new Map())
    newcomers.delivered('ann', true)
    expect(newcomers.takeReady(none)).toEqual(new Map([[0, { join: ['ann'], offline: [] }]]))
  })

  it('does not wait for a newcomer who has left, and joins 250 without waiting for the others', () => {
    const newcomers = new Newcomers()
    newcomers.add('gone', 0)
    newcomers.add('ann', 0)
    newcomers.delivered('ann', false)
    newcomers.drop('gone')
    expect(newcomers.takeReady(none).get(0)?.join).toEqual(['ann'])
    for (let i = 0; i < 300; i++) newcomers.add(`n${i}`, 0)
    for (let i = 0; i < 249; i++) newcomers.delivered(`n${i}`, false)
    expect(newcomers.takeReady(none)).toEqual(new Map())
    newcomers.delivered('n249', false)
    expect(newcomers.takeReady(none).get(0)?.join).toHaveLength(250)
    expect([...newcomers.userIDs]).toHaveLength(50)
  })
})
