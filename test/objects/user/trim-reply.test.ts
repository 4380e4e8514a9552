import { describe, expect, it } from 'vitest'
import { MAX_REPLY_BYTES, trimReply } from '../../../src/objects/user/socket/trim-reply.ts'
import { MsgData, PullMessageBySeqsResp } from '../../../src/protocol/proto/index.ts'

/** A log of messages whose content does not compress. */
const log = (conversationID: string, count: number, bytes: number) => ({
  conversationID,
  msgs: Array.from({ length: count }, (_, i) =>
    MsgData.encode(
      MsgData.fromPartial({ seq: i + 1, content: crypto.getRandomValues(new Uint8Array(bytes)) }),
    ).finish(),
  ),
  isEnd: true,
  endSeq: 0,
})

const trimmed = (...logs: ReturnType<typeof log>[]) =>
  PullMessageBySeqsResp.decode(trimReply(logs, (data) => data.length))
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

  it('leaves out logs in which one message alone is too large', () => {
    const reply = trimmed(...Array.from({ length: 60 }, (_, i) => log(`si_a_${i}`, 1, 50_000)))
    expect(Object.keys(reply.msgs)).toHaveLength(15)
  })
})
