import { and, asc, between, count, desc, eq, getTableColumns, gt, gte, ne, or, type SQL, sql } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import { GroupRole, GroupStatus } from '../../../protocol/constants/group.ts'
import { user } from '../../user/tables.ts'
import { type GroupMemberRow, type GroupRow, group, groupMember } from '../tables.ts'
import type { Window } from './groups.ts'

export interface MemberWithUser {
  member: GroupMemberRow
  /** The user's own name and face. */
  user: { nickname: string; faceURL: string }
}

/** OpenIM's order of a member list: by role, then as they joined. */
const MEMBER_ORDER: SQL[] = [desc(groupMember.roleLevel), asc(groupMember.joinTime), asc(groupMember.userID)]

const inGroup = (groupID: string) => eq(groupMember.groupID, groupID)

/** Which members are wanted: of the roles from one to another; whose name or ID contains a text, or any for "". */
export interface WantedMembers {
  minRole: number
  maxRole: number
  text: string
}

/**
 * One page of a group's members. Without a text it reads the index up to the page and the rows of the page alone; a
 * text is looked for in all members.
 */
export async function memberPage(
  db: Database,
  groupID: string,
  wanted: WantedMembers,
  window: Window,
): Promise<MemberWithUser[]> {
  const page = db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(isWanted(groupID, wanted))
    .orderBy(...MEMBER_ORDER)
    .limit(window.limit)
    .offset(window.offset)
    .as('page')
  // A cross join: SQLite starts with the page, whatever it thinks of the order of the rest.
  return db
    .select(MEMBER_WITH_USER)
    .from(page)
    .crossJoin(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(and(inGroup(groupID), eq(groupMember.userID, page.userID)))
    .orderBy(...MEMBER_ORDER)
}

/** How many members are wanted; it reads all of the group's with such roles. */
export async function countMembers(db: Database, groupID: string, wanted: WantedMembers): Promise<number> {
  const [counted] = await db
    .select({ total: count() })
    .from(groupMember)
    .leftJoin(user, eq(user.userID, groupMember.userID))
    .where(isWanted(groupID, wanted))
  return counted?.total ?? 0
}

/** Those of the given members that there are, in the order asked for; they may be of several groups. */
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

/** The IDs of all members in the order of the list, from the index alone. */
export async function memberUserIDs(db: Database, groupID: string): Promise<string[]> {
  const rows = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(inGroup(groupID))
    .orderBy(...MEMBER_ORDER)
  return rows.map((row) => row.userID)
}

/** Who manages a group: its owner and its administrators. */
export async function managerUserIDs(db: Database, groupID: string): Promise<string[]> {
  const rows = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(and(inGroup(groupID), gte(groupMember.roleLevel, GroupRole.Admin)))
    .orderBy(...MEMBER_ORDER)
  return rows.map((row) => row.userID)
}

/** The groups in use in which a member shows the user's own name or face. */
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

/** All members of some groups, by group and then by userID. */
export function membersOfGroups(db: Database, groupIDs: readonly string[]): Promise<MemberWithUser[]> {
  return byUserID(db, isAmong(groupMember.groupID, groupIDs))
}

/** A group's members by userID, those after one; "" begins with the first. */
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

function isWanted(groupID: string, { minRole, maxRole, text }: WantedMembers): SQL | undefined {
  const shownName = sql`coalesce(nullif(${groupMember.nickname}, ''), ${user.nickname}, '')`
  return and(
    inGroup(groupID),
    between(groupMember.roleLevel, minRole, maxRole),
    text === '' ? undefined : or(containsIgnoringCase(shownName, text), containsIgnoringCase(groupMember.userID, text)),
  )
}
