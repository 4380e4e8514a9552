import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import type { WsResponse } from '../../src/protocol/envelope/frame.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  GetMaxSeqReq,
  GetMaxSeqResp,
  type MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
} from '../../src/protocol/proto/index.ts'
import type { Speaker } from '../contenders/contender.ts'
import { codecOf } from '../wires/product-wire.ts'
import { clientFrame, LoadSocket } from './socket.ts'

/** The number of messages that an SDK pulls per request when it has missed many. */
export const PULL_AT_ONCE = 100

/** One device that sends requests and waits for their replies, as an SDK does when it connects. */
export class Requester {
  readonly #server: Speaker
  readonly #user: number
  readonly #waiting = new Map<string, { resolve(response: WsResponse): void; reject(error: Error): void }>()
  #socket: LoadSocket | null = null
  #nextIncr = 1

  static async connect(server: Speaker, user: number): Promise<Requester> {
    const requester = new Requester(server, user)
    const listener = {
      onBinary: (payload: Buffer) => requester.#take(payload),
      onGone: (why: string) => requester.#gone(why),
    }
    requester.#socket = await LoadSocket.open(server.wire.address(user), listener, true)
    return requester
  }

  private constructor(server: Speaker, user: number) {
    this.#server = server
    this.#user = user
  }

  async close(): Promise<void> {
    await this.#socket?.close()
  }

  /** Sends the two requests of every SDK that connects; returns the newest seqs by conversation. */
  async sync(): Promise<Record<string, number>> {
    const userID = this.#server.userID(this.#user)
    const newest = await this.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID }).finish())
    const views = await this.request(
      WsRequestID.GetConvMaxReadSeq,
      GetConversationsHasReadAndMaxSeqReq.encode({ userID, conversationIDs: [], returnPinned: false }).finish(),
    )
    GetConversationsHasReadAndMaxSeqResp.decode(views.data)
    return GetMaxSeqResp.decode(newest.data).maxSeqs
  }

  /** Pulls ranges of conversations; both ends of a range are included. */
  async pull(ranges: readonly { conversationID: string; begin: number; end: number }[]): Promise<MsgData[]> {
    const seqRanges = ranges.map((range) => ({ ...range, num: range.end - range.begin + 1 }))
    const data = PullMessageBySeqsReq.encode({ userID: this.#server.userID(this.#user), seqRanges, order: 0 }).finish()
    const { msgs } = PullMessageBySeqsResp.decode((await this.request(WsRequestID.PullMsgByRange, data)).data)
    return Object.values(msgs).flatMap(({ Msgs }) => Msgs)
  }

  request(reqIdentifier: number, data: Uint8Array): Promise<WsResponse> {
    const msgIncr = `${this.#user}_${this.#nextIncr++}`
    const request = {
      reqIdentifier,
      token: '',
      sendID: this.#server.userID(this.#user),
      operationID: `operation-${msgIncr}`,
      msgIncr,
      data,
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(msgIncr, { resolve, reject })
      this.#socket?.send(clientFrame(codecOf(this.#server.dialect).encode(request)))
    })
  }

  #take(payload: Buffer): void {
    const response = codecOf(this.#server.dialect).decode(payload)
    const waiting = this.#waiting.get(response.msgIncr)
    if (!waiting) return
    this.#waiting.delete(response.msgIncr)
    if (response.errCode === 0) waiting.resolve(response)
    else waiting.reject(new Error(`refused: ${response.errCode} ${response.errMsg}`))
  }

  #gone(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why))
  }
}
