import { inArray } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { user } from '../tables.ts'

/** A statement for a batch that reads the facts about users that the send check of a conversation needs. */
export function sendSettingsStatement(db: Database, userIDs: string[]) {
  return db
    .select({ userID: user.userID, globalRecvMsgOpt: user.globalRecvMsgOpt, appLevel: user.appMangerLevel })
    .from(user)
    .where(inArray(user.userID, userIDs))
}
