import { describe, expect, it } from 'vitest'
import type { PulledLog } from '../../../src/contracts/user.ts'
import { MAX_REPLY_BYTES, trimReply } from '../../../src/objects/user/socket/trim-reply.ts'
import { MsgData, PullMessageBySeqsResp } from '../../../src/protocol/proto/index.ts'

const log = (conversationID: string, count: number, bytes: number) => ({
  conversationID,
  msgs: Array.from({ length: count }, (_, i) =>
    MsgData.encode(MsgData.fromPartial({ seq: i + 1, content: new Uint8Array(bytes) })).finish(),
  ),
  isEnd: true,
  endSeq: 0,
})

const trimmed = (...logs: PulledLog[]) => PullMessageBySeqsResp.decode(trimReply(logs, (data) => data.length))
const seqs = (reply: PullMessageBySeqsResp, id: string) => reply.msgs[id]?.Msgs.map((msg) => msg.seq)

describe('the reply to a pull', () => {
  it('is complete when it is small enough', () => {
    expect(seqs(trimmed(log('si_a_b', 10, 1_000)), 'si_a_b')).toHaveLength(10)
  })

  it('has only the newest messages of a log that is too large', () => {
    const reply = trimmed(log('si_a_b', 50, 50_000))
    expect(seqs(reply, 'si_a_b')?.at(-1)).toBe(50)
    expect(reply.msgs.si_a_b?.isEnd).toBe(false)
    expect(PullMessageBySeqsResp.encode(reply).finish().length).toBeLessThan(MAX_REPLY_BYTES)
  })

  it('empties the later logs with `isEnd` false when one message of each is too large', () => {
    const reply = trimmed(...Array.from({ length: 60 }, (_, i) => log(`si_a_${i}`, 1, 50_000)))
    expect(Object.keys(reply.msgs)).toHaveLength(60)
    expect(Object.values(reply.msgs).filter(({ Msgs }) => Msgs.length > 0)).toHaveLength(15)
    expect(Object.values(reply.msgs).filter(({ isEnd }) => isEnd)).toHaveLength(15)
  })

  it('has no message when the only one is larger than a frame', () => {
    const reply = trimmed(log('si_a_b', 1, 5_000_000))
    expect(reply.msgs.si_a_b).toMatchObject({ Msgs: [], isEnd: false })
  })

  it('keeps the newest messages of a log that the client asked for in descending order', () => {
    const ascending = log('si_a_b', 50, 50_000)
    const reply = trimmed({ ...ascending, msgs: ascending.msgs.toReversed(), descending: true })
    expect(seqs(reply, 'si_a_b')?.[0]).toBe(50)
  })
})
