import { and, asc, count, eq, getTableColumns, inArray, ne, type SQL } from 'drizzle-orm'
import { chunked, type Database } from '../../platform/d1.ts'
import { type GroupRow, group, groupMember } from './tables.ts'

const DISMISSED = 2

/** OpenIM's order of joined groups. */
const GROUP_ORDER: SQL[] = [asc(group.groupName), asc(group.createTime), asc(group.groupID)]

const joinedBy = (userID: string) => and(eq(groupMember.userID, userID), ne(group.status, DISMISSED))

export async function joinedGroupPage(
  db: Database,
  userID: string,
  window: { offset: number; limit: number },
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
  const found = new Map<string, GroupRow>()
  for (const part of chunked([...new Set(groupIDs)])) {
    for (const row of await db.select().from(group).where(inArray(group.groupID, part))) found.set(row.groupID, row)
  }
  return groupIDs.flatMap((groupID) => found.get(groupID) ?? [])
}
