import { and, asc, count, desc, eq, getTableColumns, ne, type SQL, sql } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import { user } from '../../user/tables.ts'
import { type GroupMemberRow, type GroupRow, group, groupMember } from '../tables.ts'

/** Rows to skip and to take. */
export interface Window {
  offset: number
  limit: number
}

/** A group and what a certain user is in it. */
export interface GroupAndMember {
  group: GroupRow
  member: GroupMemberRow | null
}

export interface GroupWithOwner {
  group: GroupRow
  /** As the owner shows in the group. */
  owner: { nickname: string }
}

/** OpenIM's order of joined groups. */
const GROUP_ORDER: SQL[] = [asc(group.groupName), asc(group.createTime), asc(group.groupID)]

const isInUse = ne(group.status, GroupStatus.Dismissed)
const joinedBy = (userID: string) => and(eq(groupMember.userID, userID), isInUse)

export async function joinedGroupPage(
  db: Database,
  userID: string,
  window: Window,
): Promise<{ total: number; rows: GroupRow[] }> {
  const [counted, rows] = await db.batch([
    db
      .select({ total: count() })
      .from(groupMember)
      .innerJoin(group, eq(group.groupID, groupMember.groupID))
      .where(joinedBy(userID)),
    db
      .select(getTableColumns(group))
      .from(groupMember)
      .innerJoin(group, eq(group.groupID, groupMember.groupID))
      .where(joinedBy(userID))
      .orderBy(...GROUP_ORDER)
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

export async function joinedGroupIDs(db: Database, userID: string): Promise<string[]> {
  const rows = await db
    .select({ groupID: group.groupID })
    .from(groupMember)
    .innerJoin(group, eq(group.groupID, groupMember.groupID))
    .where(joinedBy(userID))
    .orderBy(...GROUP_ORDER)
  return rows.map((row) => row.groupID)
}

/** Those of the given groups that exist, in the order asked for. */
export async function findGroups(db: Database, groupIDs: readonly string[]): Promise<GroupRow[]> {
  if (groupIDs.length === 0) return []
  const rows = await db.select().from(group).where(isAmong(group.groupID, groupIDs))
  const found = new Map(rows.map((row) => [row.groupID, row]))
  return groupIDs.flatMap((groupID) => found.get(groupID) ?? [])
}

/** Those of the given groups that exist, by their IDs, with what a user is in each. */
export async function findGroupsAndMember(
  db: Database,
  groupIDs: readonly string[],
  userID: string,
): Promise<Map<string, GroupAndMember>> {
  if (groupIDs.length === 0) return new Map()
  const rows = await db
    .select({ group, member: groupMember })
    .from(group)
    .leftJoin(groupMember, and(eq(groupMember.groupID, group.groupID), eq(groupMember.userID, userID)))
    .where(isAmong(group.groupID, groupIDs))
  return new Map(rows.map((row) => [row.group.groupID, row]))
}

/** Groups in use whose name contains a text, or all for ""; newest first. */
export async function groupPageByName(
  db: Database,
  text: string,
  window: Window,
): Promise<{ total: number; rows: GroupWithOwner[] }> {
  const where = and(isInUse, text === '' ? undefined : containsIgnoringCase(group.groupName, text))
  // Not one batch: there D1 gives rows by the names of their columns, and the tables have some names in common.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(group).where(where),
    withOwner(db, where).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** A group, in use or not. */
export async function findGroupWithOwner(db: Database, groupID: string): Promise<GroupWithOwner | null> {
  const [row] = await withOwner(db, eq(group.groupID, groupID))
  return row ?? null
}

function withOwner(db: Database, where: SQL | undefined) {
  const nickname = sql<string>`coalesce(nullif(${groupMember.nickname}, ''), ${user.nickname}, '')`
  return db
    .select({ group, owner: { nickname } })
    .from(group)
    .leftJoin(groupMember, and(eq(groupMember.groupID, group.groupID), eq(groupMember.userID, group.ownerUserID)))
    .leftJoin(user, eq(user.userID, group.ownerUserID))
    .where(where)
    .orderBy(desc(group.createTime), desc(group.groupID))
}
