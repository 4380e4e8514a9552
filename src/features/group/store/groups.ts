import { and, asc, count, desc, eq, getTableColumns, ne, type SQL, sql } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import { user } from '../../user/tables.ts'
import { type GroupAndMember, type GroupRow, type GroupWithOwner, group, groupMember } from '../tables.ts'

/** OpenIM's order of joined groups. */
const GROUP_ORDER: SQL[] = [asc(group.groupName), asc(group.createTime), asc(group.groupID)]

const isNotDismissed = ne(group.status, GroupStatus.Dismissed)
const joinedBy = (userID: string) => and(eq(groupMember.userID, userID), isNotDismissed)

export async function joinedGroupPage(
  db: Database,
  userID: string,
  window: PageWindow,
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

/** The given groups, in the order of the IDs; groups that do not exist are left out. */
export async function findGroups(db: Database, groupIDs: readonly string[]): Promise<GroupRow[]> {
  if (groupIDs.length === 0) return []
  const rows = await db.select().from(group).where(isAmong(group.groupID, groupIDs))
  const found = new Map(rows.map((row) => [row.groupID, row]))
  return [...new Set(groupIDs)].flatMap((groupID) => found.get(groupID) ?? [])
}

/** The given groups, by groupID, each with the user's member row; groups that do not exist are left out. */
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

/** Groups that are not dismissed and whose name contains a text ("": all of them), newest first. */
export async function groupPageByName(
  db: Database,
  text: string,
  window: PageWindow,
): Promise<{ total: number; rows: GroupWithOwner[] }> {
  const where = and(isNotDismissed, text === '' ? undefined : containsIgnoringCase(group.groupName, text))
  // No batch: it returns rows as objects keyed by column name, and the joined tables share some column names.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(group).where(where),
    withOwner(db, where).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** A group, dismissed or not. */
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
