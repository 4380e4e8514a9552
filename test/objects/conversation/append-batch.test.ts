import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { type AppendParts, appendBatch } from '../../../src/objects/conversation/append/append-batch.ts'
import { ConversationState } from '../../../src/objects/conversation/state/conversation-state.ts'
import type { Kind, Member } from '../../../src/objects/conversation/state/members.ts'
import { appendItem, bindings } from '../../rigs/rig.ts'

const PAIR: Kind = { sessionType: 1, groupID: '' }
const GROUP: Kind = { sessionType: 3, groupID: 'g' }

const member = (userID: string): Member => ({
  ...{ userID, readSeq: 0, recvMsgOpt: 0, globalRecvMsgOpt: 0, appLevel: 0, roleLevel: 0 },
  ...{ blockedPeer: false, befriendedPeer: false, muteEndTime: 0, minSeq: 0, leftSeq: -1, shard: -1 },
})

interface Rig {
  state: ConversationState
  sql: SqlStorage
  parts: AppendParts
  /** The steps and effects, in the order in which they happened. */
  events: string[]
  append(...clientMsgIDs: string[]): ReturnType<typeof appendBatch>
}

let next = 0

/** Runs a test on the storage of a new conversation. The effects after the commit are fakes that record their order. */
function withRig(work: (rig: Rig) => void, given: { lowestPending?: number; maxDirectMembers?: number } = {}) {
  return runInDurableObject(bindings.CONVERSATION.getByName(`si_batch_${next++}`), (_object, { storage }) => {
    const events: string[] = []
    const state = new ConversationState(storage)
    vi.spyOn(state, 'transaction').mockImplementation((run) => {
      events.push('begin')
      const value = storage.transactionSync(run)
      events.push('commit')
      return value
    })
    const parts: AppendParts = {
      state,
      config: { friendVerify: false, admins: new Map(), maxDirectMembers: given.maxDirectMembers ?? 250 },
      dispatch: {
        deliver: ({ seq, item }) => void events.push(`deliver ${item.clientMsgID} as ${seq}`),
        deliverGroupChange: (_notices, { handedOver }) => void events.push(`handed over: ${handedOver}`),
        resumeMember: (userID) => void events.push(`resume ${userID}`),
        lowestPending: () => given.lowestPending ?? null,
      },
      appServer: { sendAfterWebhooks: (messages) => void events.push(`after-webhooks: ${messages.length}`) },
      recoveryAlarm: {
        async arm() {
          events.push('arm')
        },
      },
      now: () => 1_000,
    }
    state.members.open(PAIR, [member('alice'), member('bob')], 0)
    const append = (...clientMsgIDs: string[]) =>
      appendBatch(
        parts,
        clientMsgIDs.map((clientMsgID) => appendItem({ clientMsgID })),
      )
    work({ state, sql: storage.sql, parts, events, append })
  })
}

/** Lets every insert into a table fail, for the given rows. */
function breakInserts(sql: SqlStorage, table: string, when = 'true'): void {
  sql.exec(`CREATE TRIGGER broken BEFORE INSERT ON ${table} WHEN ${when} BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
}

const rowsIn = (sql: SqlStorage, table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n

describe('appendBatch', () => {
  it('sets the alarm, delivers in order and sends the after-webhooks only after the commit', () =>
    withRig(({ events, append }) => {
      const results = append('first', 'second')
      expect(results.map((result) => result.ok && result.seq)).toEqual([1, 2])
      expect(events).toEqual([
        ...['begin', 'resume alice', 'resume alice', 'commit'],
        ...['arm', 'deliver first as 1', 'deliver second as 2', 'after-webhooks: 2'],
      ])
    }))

  it('writes the members with the first stored message, and a later single message in no transaction', () =>
    withRig(({ state, sql, events, append }) => {
      append('first')
      expect(state.members.isSaved).toBe(true)
      expect(rowsIn(sql, 'member')).toBe(2)
      expect(events.splice(0)).toContain('begin')
      append('second')
      expect(events).toEqual(['resume alice', 'arm', 'deliver second as 2', 'after-webhooks: 1'])
    }))

  it('removes loaded members from memory after a batch in which no message was stored', () =>
    withRig(({ state, sql, parts, events }) => {
      const typing = appendItem({ clientMsgID: 'typing', stored: false })
      const [refused, unstored] = appendBatch(parts, [
        appendItem({ clientMsgID: 'refused', sendID: 'mallory' }),
        typing,
      ])
      expect(refused).toMatchObject({ ok: false, refusal: { code: 1203 } })
      expect(unstored).toMatchObject({ ok: true, seq: 0 })
      expect(events).not.toContain('arm')
      expect(events).toContain('deliver typing as 0')
      expect(state.members.kind).toBeNull()
      expect(rowsIn(sql, 'kind') + rowsIn(sql, 'member')).toBe(0)
    }))

  it('refuses one message of a batch without a gap in the seqs of the other messages', () =>
    withRig(({ parts, events }) => {
      const items = ['alice', 'mallory', 'bob'].map((sendID) => appendItem({ clientMsgID: `from ${sendID}`, sendID }))
      const results = appendBatch(parts, items)
      expect(results.map((result) => (result.ok ? result.seq : result.refusal.code))).toEqual([1, 1203, 2])
      expect(events.filter((event) => event.startsWith('deliver'))).toEqual([
        'deliver from alice as 1',
        'deliver from bob as 2',
      ])
    }))

  it('answers a retry within the batch with the first seq, and delivers the message once', () =>
    withRig(({ events, append }) => {
      expect(append('once', 'once')).toMatchObject([
        { seq: 1, duplicate: false },
        { seq: 1, duplicate: true },
      ])
      expect(events.filter((event) => event.startsWith('deliver'))).toEqual(['deliver once as 1'])
    }))

  it('answers the lowest pending seq to a sender whose object passes the message on', () =>
    withRig(
      ({ parts, append }) => {
        expect(append('first')).toMatchObject([{ pendingFrom: 7 }])
        expect(append('first')[0]).not.toHaveProperty('pendingFrom')
        for (let seq = 2; seq <= 8; seq++) append(`message ${seq}`)
        expect(append('message 8')).toMatchObject([{ duplicate: true, seq: 8, pendingFrom: 7 }])
        const [fromBackend] = appendBatch(parts, [appendItem({ clientMsgID: 'rest', skipSender: false })])
        expect(fromBackend).not.toHaveProperty('pendingFrom')
      },
      { lowestPending: 7 },
    ))

  it('hands a large group over to relays before it delivers the first message', () =>
    withRig(
      ({ state, sql, parts, events }) => {
        state.members.open(GROUP, [member('alice'), member('bob'), member('carol')], 0)
        const first = appendItem({ clientMsgID: 'first', recvID: '', groupID: 'g', sessionType: 3 })
        appendBatch(parts, [first])
        expect(events).toEqual([
          ...['begin', 'resume alice', 'commit'],
          ...['handed over: true', 'arm', 'deliver first as 1', 'after-webhooks: 1'],
        ])
        expect(state.members.group).toMatchObject({ isRelayed: true })
        expect(sql.exec('SELECT shard, members FROM shard').toArray()).toEqual([{ shard: 0, members: 3 }])
      },
      { maxDirectMembers: 2 },
    ))
})

describe('appendBatch on a storage that fails', () => {
  it('stores no message, and keeps no message, member or seq in memory', () =>
    withRig(({ state, sql, events, append }) => {
      breakInserts(sql, 'chat', "new.client_msg_id = 'second'")
      expect(() => append('first', 'second')).toThrow('disk full')
      // The first message was appended, and its members were written, before the second one failed.
      expect(events).toEqual(['begin', 'resume alice'])
      expect(rowsIn(sql, 'chat') + rowsIn(sql, 'kind') + rowsIn(sql, 'member')).toBe(0)
      expect(state.members.kind).toBeNull()
      expect(state.logs.chat.maxSeq).toBe(0)
      expect(state.logs.chat.firstAnswer('alice', 'first', 0)).toBeNull()
      sql.exec('DROP TRIGGER broken')
      state.members.open(PAIR, [member('alice'), member('bob')], 0)
      expect(append('first', 'second')).toMatchObject([
        { seq: 1, duplicate: false },
        { seq: 2, duplicate: false },
      ])
    }))

  it('has no effect when one message fails, and gives the seq of the failed message to the next message', () =>
    withRig(({ state, sql, events, append }) => {
      append('first')
      events.length = 0
      const { members, logs } = state
      breakInserts(sql, 'chat')
      expect(() => append('second')).toThrow('disk full')
      expect(events).toEqual([])
      expect(state.members).not.toBe(members)
      expect(state.logs).not.toBe(logs)
      expect(state.members.userIDs).toEqual(['alice', 'bob'])
      sql.exec('DROP TRIGGER broken')
      expect(append('third', 'second')).toMatchObject([
        { seq: 2, duplicate: false },
        { seq: 3, duplicate: false },
      ])
    }))

  it('reports no hand-over to relays when the places in the relays cannot be written', () =>
    withRig(
      ({ state, sql, parts, events }) => {
        state.members.open(GROUP, [member('alice'), member('bob'), member('carol')], 0)
        breakInserts(sql, 'shard')
        const first = appendItem({ clientMsgID: 'first', recvID: '', groupID: 'g', sessionType: 3 })
        expect(() => appendBatch(parts, [first])).toThrow('disk full')
        expect(events).toEqual(['begin'])
        expect(state.members.kind).toBeNull()
        expect(rowsIn(sql, 'member') + rowsIn(sql, 'group_state')).toBe(0)
      },
      { maxDirectMembers: 2 },
    ))
})
