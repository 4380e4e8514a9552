import { describe, expect, it } from 'vitest'
import type { KnownMessage, Ledger, Verdict } from './ledger.ts'
import { isClean, verify } from './verify.ts'

const CHAT = 'si_alice_bob'

const message = (seq: number, sendID: string, clientMsgID: string): KnownMessage => ({
  seq,
  clientMsgID,
  sendID,
  sendTime: 1_000 + seq,
})

/** Alice wrote `a1` and `a2`, bob `b1` between them; both devices hold everything and bob has read up to 3. */
function cleanLedger() {
  const log = () => new Map([1, 2, 3].map((seq) => [seq, message(seq, seq === 2 ? 'bob' : 'alice', `m${seq}`)]))
  const byUser = <T>(make: (userID: string) => T) => new Map(['alice', 'bob'].map((userID) => [userID, make(userID)]))
  const sent = (sendID: string, clientMsgID: string, ordinal: number) => ({
    conversationID: CHAT,
    sendID,
    clientMsgID,
    ordinal,
    answers: [{ serverMsgID: `s-${clientMsgID}`, sendTime: 1 }],
  })
  return {
    sent: [sent('alice', 'm1', 1), sent('bob', 'm2', 1), sent('alice', 'm3', 2)],
    held: byUser(() => new Map([[CHAT, log()]])),
    fetched: byUser(() => new Map([[CHAT, log()]])),
    marked: byUser(() => new Map([[CHAT, 3]])),
    positions: byUser(() => new Map([[CHAT, { hasReadSeq: 3, maxSeq: 3 }]])),
    latePushes: [] as { userID: string; conversationID: string; seq: number; newerSeq: number }[],
    conflicts: [] as { userID: string; conversationID: string; seq: number }[],
  } satisfies Ledger
}

type Change = (ledger: ReturnType<typeof cleanLedger>) => void

const logOf = (logs: Map<string, Map<string, Map<number, KnownMessage>>>, userID: string) =>
  logs.get(userID)?.get(CHAT) as Map<number, KnownMessage>

describe('the verifier of the soak', () => {
  it('accepts a ledger in which every promise is kept', () => {
    expect(isClean(verify(cleanLedger()))).toBe(true)
  })

  it.each<[keyof Verdict, string, Change]>([
    [
      'lost',
      'an acknowledged message that no history has',
      ({ fetched }) => {
        for (const userID of ['alice', 'bob']) logOf(fetched, userID).delete(3)
      },
    ],
    [
      'doubled',
      'a message under two seqs',
      ({ fetched }) => {
        logOf(fetched, 'bob').set(4, message(4, 'alice', 'm3'))
      },
    ],
    [
      'doubled',
      'a retry with another answer',
      ({ sent }) => {
        sent[0]?.answers.push({ serverMsgID: 'another', sendTime: 1 })
      },
    ],
    [
      'reordered',
      'a gap in the seqs',
      ({ fetched }) => {
        for (const userID of ['alice', 'bob']) {
          logOf(fetched, userID).delete(3)
          logOf(fetched, userID).set(4, message(4, 'alice', 'm3'))
        }
      },
    ],
    [
      'reordered',
      'a send time that goes back',
      ({ fetched }) => {
        for (const userID of ['alice', 'bob'])
          logOf(fetched, userID).set(3, { ...message(3, 'alice', 'm3'), sendTime: 5 })
      },
    ],
    [
      'reordered',
      'messages of one sender in another order than sent',
      ({ sent }) => {
        for (const one of sent) if (one.sendID === 'alice') one.ordinal = 3 - one.ordinal
      },
    ],
    [
      'missing',
      'a stored message that a connected device lacks',
      ({ held }) => {
        logOf(held, 'bob').delete(2)
      },
    ],
    [
      'diverging',
      'two members with different histories',
      ({ fetched }) => {
        logOf(fetched, 'bob').set(2, message(2, 'bob', 'other'))
      },
    ],
    [
      'diverging',
      'a device that holds a message the server does not have',
      ({ held }) => {
        logOf(held, 'alice').set(4, message(4, 'bob', 'm4'))
      },
    ],
    [
      'diverging',
      'two messages under one seq',
      ({ conflicts }) => {
        conflicts.push({ userID: 'alice', conversationID: CHAT, seq: 1 })
      },
    ],
    [
      'diverging',
      'a read position behind an acknowledged mark',
      ({ positions }) => {
        positions.get('bob')?.set(CHAT, { hasReadSeq: 2, maxSeq: 3 })
      },
    ],
    [
      'latePushes',
      'a push behind a newer one',
      ({ latePushes }) => {
        latePushes.push({ userID: 'bob', conversationID: CHAT, seq: 2, newerSeq: 3 })
      },
    ],
  ])('reports as %s: %s', (list, _case, change) => {
    const ledger = cleanLedger()
    change(ledger)
    expect(verify(ledger)[list]).not.toEqual([])
  })
})
