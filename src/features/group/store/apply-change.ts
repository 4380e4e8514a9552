import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { GroupChange } from '../../../contracts/group-change.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import { upsertRows } from '../../../platform/storage/upsert-rows.ts'
import { ChangeState, OWNER_MARKER, SORT_MARKER, type VersionHead } from '../../../sync/compute-delta.ts'
import {
  bumpOwnersStatements,
  bumpOwnersWhereStatements,
  bumpStatements,
  firstHead,
  headStatement,
} from '../../../sync/version-store.ts'
import type { GroupInfo, GroupMemberFullInfo } from '../schema.ts'
import { type GroupRow, group, groupMember } from '../tables.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'
import { findMembers } from './members.ts'
import { answerStatement } from './requests.ts'

/** The group after a change. */
export interface AppliedChange {
  /** The version of the member list. */
  head: VersionHead
  group: GroupInfo
  /** The members that the change updated, by userID. */
  members: Map<string, GroupMemberFullInfo>
}

/**
 * Writes a change of a group to D1: rows and versions in one batch, all or nothing. Writing the same change again
 * leaves the same rows. Only the versions increase again, which costs each client one read.
 * @param memberCount the number of members after the change
 */
export async function applyGroupChange(db: Database, change: GroupChange, memberCount: number): Promise<AppliedChange> {
  const { groupID } = change
  const joined = (change.join ?? []).map((member) => member.userID)
  const left = change.leave ?? []
  const steps = Math.max(1, change.notices.length)
  const elements = listChanges(change)
  // The answer to a request alone does not change what clients keep of the group.
  const isNewVersion = elements.length > 0 || change.notices.length > 0
  const writes = [
    ...groupStatements(db, change, memberCount),
    ...(change.join ? [upsertRows(db, groupMember, change.join, [groupMember.groupID, groupMember.userID])] : []),
    ...(change.update ? [updateMembers(db, groupID, change.update)] : []),
    ...(change.leave ? [deleteMembers(db, groupID, change.leave)] : []),
    ...(change.answer ? [answerStatement(db, groupID, change.answer)] : []),
    ...(isNewVersion ? bumpStatements(db, 'group-member', groupID, elements, steps) : []),
    ...(joined.length > 0 ? bumpOwnersStatements(db, 'joined-group', joined, inserted(groupID)) : []),
    ...(left.length > 0 ? bumpOwnersStatements(db, 'joined-group', left, deleted(groupID)) : []),
    ...(change.everybodyLeaves && !change.leave ? removeFromLists(db, groupID) : []),
  ]
  const results = await db.batch([
    headStatement(db, 'group-member', groupID),
    ...writes,
    db.select().from(group).where(eq(group.groupID, groupID)),
    headStatement(db, 'group-member', groupID),
  ])
  const [row] = results.at(-2) as GroupRow[]
  const [head = firstHead('group-member', groupID)] = results.at(-1) as VersionHead[]
  if (!row) throw new Error(`group ${groupID} is missing in D1`)
  const updated = (change.update ?? []).map(({ userID }) => ({ groupID, userID }))
  const members = (await findMembers(db, updated)).map(groupMemberFullInfo)
  return { head, group: groupInfo(row), members: new Map(members.map((member) => [member.userID, member])) }
}

const inserted = (elementID: string) => ({ elementID, state: ChangeState.Insert })
const deleted = (elementID: string) => ({ elementID, state: ChangeState.Delete })
const updated = (elementID: string) => ({ elementID, state: ChangeState.Update })

/** Takes the group out of the joined-group lists of all its members. Their member rows stay for now. */
function removeFromLists(db: Database, groupID: string) {
  const members = sql`SELECT ${groupMember.userID} FROM ${groupMember} WHERE ${groupMember.groupID} = ${groupID}`
  return bumpOwnersWhereStatements(db, 'joined-group', members, deleted(groupID))
}

/** The entries that a change adds to the version log of the member list. */
function listChanges(change: GroupChange): { elementID: string; state: ChangeState }[] {
  const update = change.update ?? []
  const reordered = update.some(({ set }) => set.roleLevel !== undefined)
  return [
    ...(change.join ?? []).map((member) => inserted(member.userID)),
    ...(change.leave ?? []).map(deleted),
    ...update.map(({ userID }) => updated(userID)),
    ...(reordered ? [updated(SORT_MARKER)] : []),
    ...(change.set ? [updated(OWNER_MARKER)] : []),
  ]
}

function groupStatements(db: Database, { groupID, create, set }: GroupChange, memberCount: number) {
  if (create) {
    const row = { ...create, memberCount }
    return [db.insert(group).values(row).onConflictDoUpdate({ target: group.groupID, set: row })]
  }
  return [
    db
      .update(group)
      .set({ ...set, memberCount })
      .where(eq(group.groupID, groupID)),
  ]
}

/** Fields that are not given stay as they are. */
function updateMembers(db: Database, groupID: string, update: NonNullable<GroupChange['update']>) {
  const given = JSON.stringify(Object.fromEntries(update.map(({ userID, set }) => [userID, set])))
  const changed = (field: string, column: SQL): SQL =>
    sql`coalesce((SELECT value ->> ${field} FROM json_each(${given}) WHERE key = ${groupMember.userID}), ${column})`
  return db
    .update(groupMember)
    .set({
      nickname: changed('nickname', sql`${groupMember.nickname}`),
      faceURL: changed('faceURL', sql`${groupMember.faceURL}`),
      ex: changed('ex', sql`${groupMember.ex}`),
      roleLevel: changed('roleLevel', sql`${groupMember.roleLevel}`),
      muteEndTime: changed('muteEndTime', sql`${groupMember.muteEndTime}`),
    })
    .where(
      and(
        eq(groupMember.groupID, groupID),
        isAmong(
          groupMember.userID,
          update.map(({ userID }) => userID),
        ),
      ),
    )
}

function deleteMembers(db: Database, groupID: string, userIDs: readonly string[]) {
  return db.delete(groupMember).where(and(eq(groupMember.groupID, groupID), isAmong(groupMember.userID, userIDs)))
}
