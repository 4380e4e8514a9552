import type { AppendItem } from '../../../contracts/messages.ts'
import type { Mentioned } from '../../../protocol/mentions.ts'

/** An appended message with its final bytes, ready for delivery. */
export interface StampedMessage {
  item: AppendItem
  /** 0 for a message that is not stored. */
  seq: number
  sendTime: number
  msg: Uint8Array
  /** The members of the group that the message mentions; absent = no member. */
  mentioned?: Mentioned
}

/** The facts about a message that the before-push gate needs. */
export interface GatedMessage {
  item: Pick<AppendItem, 'log' | 'sendID' | 'skipSender' | 'operationID' | 'sessionType' | 'contentType'>
  seq: number
  msg: Uint8Array
}
