import { and, asc, between, count, desc, eq, getTableColumns, gt, gte, ne, or, type SQL, sql } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { GroupRole, GroupStatus } from '../../../protocol/constants/group.ts'
import { user } from '../../user/tables.ts'
import { type GroupRow, group, groupMember, type MemberWithUser } from '../tables.ts'

/** OpenIM's order of a member list: by role, highest first, then by the time of joining. */
const MEMBER_ORDER: SQL[] = [desc(groupMember.roleLevel), asc(groupMember.joinTime), asc(groupMember.userID)]

const inGroup = (groupID: string) => eq(groupMember.groupID, groupID)

/** Matches members with a role from `minRole` to `maxRole` whose name or userID contains `text` ("": any). */
export interface MemberFilter {
  minRole: number
  maxRole: number
  text: string
}

/**
 * One page of a group's members. Without a text, the query reads the index up to the page and only the rows of the
 * page. With a text, it reads all members.
 */
export async function memberPage(
  db: Database,
  groupID: string,
  filter: MemberFilter,
  window: PageWindow,
): Promise<MemberWithUser[]> {
  const page = db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(isMatch(groupID, filter))
    .orderBy(...MEMBER_ORDER)
    .limit(window.limit)
    .offset(window.offset)
    .as('page')
  // A cross join, because SQLite does not reorder it: the query starts with the page.
  return db
    .select(MEMBER_WITH_USER)
    .from(page)
    .crossJoin(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(and(inGroup(groupID), eq(groupMember.userID, page.userID)))
    .orderBy(...MEMBER_ORDER)
}

/** Counts the matching members. The query reads every member of the group with one of the roles. */
export async function countMembers(db: Database, groupID: string, filter: MemberFilter): Promise<number> {
  const [counted] = await db
    .select({ total: count() })
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(isMatch(groupID, filter))
  return counted?.total ?? 0
}

/** The given members, of one or several groups, in the given order; users who are not members are left out. */
export async function findMembers(
  db: Database,
  wanted: readonly { groupID: string; userID: string }[],
): Promise<MemberWithUser[]> {
  if (wanted.length === 0) return []
  const keys = wanted.map(({ groupID, userID }) => [groupID, userID])
  const rows = await db
    .select(MEMBER_WITH_USER)
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(
      sql`(${groupMember.groupID}, ${groupMember.userID}) IN (
        SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(keys)}))`,
    )
  const keyOf = (groupID: string, userID: string) => JSON.stringify([groupID, userID])
  const found = new Map(rows.map((row) => [keyOf(row.member.groupID, row.member.userID), row]))
  return wanted.flatMap(({ groupID, userID }) => found.get(keyOf(groupID, userID)) ?? [])
}

/** The userIDs of all members in the order of the list. The query reads only the index. */
export async function memberUserIDs(db: Database, groupID: string): Promise<string[]> {
  const rows = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(inGroup(groupID))
    .orderBy(...MEMBER_ORDER)
  return rows.map((row) => row.userID)
}

/** The userIDs of a group's owner and administrators. */
export async function managerUserIDs(db: Database, groupID: string): Promise<string[]> {
  const rows = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(and(inGroup(groupID), gte(groupMember.roleLevel, GroupRole.Admin)))
    .orderBy(...MEMBER_ORDER)
  return rows.map((row) => row.userID)
}

/** The groups, without the dismissed ones, in which a member shows the user's own name or face. */
export async function groupsShowingProfile(
  db: Database,
  userID: string,
): Promise<(MemberWithUser & { group: GroupRow })[]> {
  return db
    .select({ ...MEMBER_WITH_USER, group })
    .from(groupMember)
    .innerJoin(group, eq(group.groupID, groupMember.groupID))
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(
      and(
        eq(groupMember.userID, userID),
        ne(group.status, GroupStatus.Dismissed),
        or(eq(groupMember.nickname, ''), eq(groupMember.faceURL, '')),
      ),
    )
}

/** All members of the given groups, ordered by groupID and then by userID. */
export function membersOfGroups(db: Database, groupIDs: readonly string[]): Promise<MemberWithUser[]> {
  return byUserID(db, isAmong(groupMember.groupID, groupIDs))
}

/** The next members of a group after `userID`, ordered by userID; "" starts with the first. */
export function membersAfter(db: Database, groupID: string, userID: string, limit: number): Promise<MemberWithUser[]> {
  return byUserID(db, and(inGroup(groupID), gt(groupMember.userID, userID))).limit(limit)
}

function byUserID(db: Database, where: SQL | undefined) {
  return db
    .select(MEMBER_WITH_USER)
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(where)
    .orderBy(asc(groupMember.groupID), asc(groupMember.userID))
}

const MEMBER_WITH_USER = {
  member: getTableColumns(groupMember),
  user: {
    nickname: sql<string>`coalesce(${user.nickname}, '')`,
    faceURL: sql<string>`coalesce(${user.faceURL}, '')`,
  },
}

function isMatch(groupID: string, { minRole, maxRole, text }: MemberFilter): SQL | undefined {
  const shownName = sql`coalesce(nullif(${groupMember.nickname}, ''), ${user.nickname}, '')`
  return and(
    inGroup(groupID),
    between(groupMember.roleLevel, minRole, maxRole),
    text === '' ? undefined : or(containsIgnoringCase(shownName, text), containsIgnoringCase(groupMember.userID, text)),
  )
}

/** Returns one of the users who is a member of `maxGroups` groups or more, or null. */
export async function findUserInTooManyGroups(
  db: Database,
  userIDs: readonly string[],
  maxGroups: number,
): Promise<string | null> {
  const [row] = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(isAmong(groupMember.userID, userIDs))
    .groupBy(groupMember.userID)
    .having(gte(count(), maxGroups))
    .limit(1)
  return row?.userID ?? null
}
