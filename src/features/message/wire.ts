import type { MsgData } from '../../protocol/proto/index.ts'

/** A message in JSON: OpenIM writes an absent `offlinePushInfo` as null instead of leaving the field out. */
export type MsgDataJson = Omit<MsgData, 'offlinePushInfo'> & { offlinePushInfo: MsgData['offlinePushInfo'] | null }

export function msgDataToJson(msg: MsgData): MsgDataJson {
  return { ...msg, offlinePushInfo: msg.offlinePushInfo ?? null }
}
