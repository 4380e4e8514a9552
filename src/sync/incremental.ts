import { createHash } from 'node:crypto'
import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { Delta } from '../contracts/user.ts'
import { type Database, isAmong } from '../platform/storage/d1.ts'
import { jsonField, selectJsonRows } from '../platform/storage/upsert-rows.ts'
import { versionChange, versionHead } from './tables.ts'
import { type Change, type ChangeState, deltaSince, isBehind, MAX_DELTA, type VersionHead } from './version-log.ts'

/** The lists in D1 that clients follow by version. (A user's conversations are kept in the user's object.) */
export type ListName = 'friend' | 'black' | 'joined-group' | 'group-member'

/** What changed in a list since the version the client has. */
export async function readDelta(db: Database, list: ListName, ownerID: string, asked: VersionHead): Promise<Delta> {
  const head = await readHead(db, list, ownerID)
  return deltaSince(head, asked, async (version) => (await changesAfter(db, list, ownerID, version)).map(toChange))
}

/** The same for the lists of several owners, in the order asked: two trips to D1, whatever their number. */
export async function readDeltas(
  db: Database,
  list: ListName,
  asked: readonly (VersionHead & { ownerID: string })[],
): Promise<Delta[]> {
  const heads = await readHeads(
    db,
    list,
    asked.map(({ ownerID }) => ownerID),
  )
  const pairs = asked.map((one) => ({ ...one, head: heads.get(one.ownerID) ?? firstHead(list, one.ownerID) }))
  const behind = pairs.filter((one) => isBehind(one.head, one))
  const [first, ...rest] = behind.map((one) => changesAfter(db, list, one.ownerID, one.version))
  const found = first ? await db.batch([first, ...rest]) : []
  const changes = new Map(behind.map((one, i) => [one, (found[i] ?? []).map(toChange)]))
  return Promise.all(pairs.map((one) => deltaSince(one.head, one, () => changes.get(one) ?? [])))
}

/** Enough to see whether there are more than clients take in one go. */
function changesAfter(db: Database, list: ListName, ownerID: string, version: number) {
  return db
    .select()
    .from(versionChange)
    .where(and(eq(versionChange.list, list), eq(versionChange.ownerID, ownerID), gt(versionChange.version, version)))
    .orderBy(asc(versionChange.version))
    .limit(MAX_DELTA + 1)
}

function toChange(row: typeof versionChange.$inferSelect): Change {
  return { ...row, state: row.state as ChangeState }
}

/** The statement that reads a list's version, for a batch; no row for a list that never changed. */
export function headStatement(db: Database, list: ListName, ownerID: string) {
  return db
    .select({ versionID: versionHead.versionID, version: versionHead.version })
    .from(versionHead)
    .where(and(eq(versionHead.list, list), eq(versionHead.ownerID, ownerID)))
}

/** A list that never changed is at version 1 under an ID of its own, so that reading it writes nothing. */
export async function readHead(db: Database, list: ListName, ownerID: string): Promise<VersionHead> {
  return (await readHeads(db, list, [ownerID])).get(ownerID) ?? firstHead(list, ownerID)
}

/** The versions of those owners' lists that ever changed. */
async function readHeads(db: Database, list: ListName, ownerIDs: readonly string[]): Promise<Map<string, VersionHead>> {
  const rows = await db
    .select()
    .from(versionHead)
    .where(and(eq(versionHead.list, list), isAmong(versionHead.ownerID, ownerIDs)))
  return new Map(rows.map(({ ownerID, versionID, version }) => [ownerID, { versionID, version }]))
}

/** OpenIM's version IDs are 24 hexadecimal digits. */
export function firstHead(list: string, ownerID: string): VersionHead {
  const versionID = createHash('sha256').update(`${list}\n${ownerID}`).digest('hex').slice(0, 24)
  return { versionID, version: 1 }
}

/** One step of a list's version, whatever the number of elements that change in it. All or nothing. */
export async function bumpVersion(
  db: Database,
  list: ListName,
  ownerID: string,
  changes: readonly { elementID: string; state: ChangeState }[],
): Promise<void> {
  const [first, ...rest] = bumpStatements(db, list, ownerID, changes)
  await db.batch([first, ...rest])
}

/**
 * The statements of such a step, to be run in one batch with the change itself.
 * @param steps how many steps are taken at once, with everything that changes in the last of them
 */
export function bumpStatements(
  db: Database,
  list: ListName,
  ownerID: string,
  changes: readonly { elementID: string; state: ChangeState }[],
  steps = 1,
) {
  const { versionID, version } = firstHead(list, ownerID)
  const current = sql<number>`(SELECT version FROM version_head WHERE list = ${list} AND owner_id = ${ownerID})`
  const step = db
    .insert(versionHead)
    .values({ list, ownerID, versionID, version: version + steps })
    .onConflictDoUpdate({ ...oneStepOn, set: { version: sql`${versionHead.version} + ${steps}` } })
  // One statement for all elements: a thousand may change at once.
  const entries = db
    .insert(versionChange)
    .select(
      selectJsonRows(changes, [sql`${list}`, sql`${ownerID}`, jsonField('elementID'), jsonField('state'), current]),
    )
    .onConflictDoUpdate(lastChangeWins)
  return [step, entries] as const
}

/** The statements of such a step in the lists of many owners at once: the same element changes in each. */
export function bumpOwnersStatements(
  db: Database,
  list: ListName,
  ownerIDs: readonly string[],
  { elementID, state }: { elementID: string; state: ChangeState },
) {
  const heads = ownerIDs.map((ownerID) => ({ ownerID, ...firstHead(list, ownerID) }))
  const steps = db
    .insert(versionHead)
    .select(
      selectJsonRows(heads, [
        sql`${list}`,
        jsonField('ownerID'),
        jsonField('versionID'),
        sql`(${jsonField('version')}) + 1`,
      ]),
    )
    .onConflictDoUpdate(oneStepOn)
  const owners = sql`SELECT value FROM json_each(${JSON.stringify(ownerIDs)})`
  return [steps, entriesOfOwners(db, list, owners, { elementID, state })] as const
}

/**
 * The same for the owners that a query finds, one a row, which may be more than a statement can name. A list that never
 * changed gets a new ID, so its readers read it all.
 */
export function bumpOwnersWhereStatements(
  db: Database,
  list: ListName,
  owners: SQL,
  change: { elementID: string; state: ChangeState },
) {
  const steps = db
    .insert(versionHead)
    // A list that is not known yet is at version 1. (`WHERE true` keeps SQLite from reading ON as a join's.)
    .select(sql`SELECT ${list}, owner.*, lower(hex(randomblob(12))), 2 FROM (${owners}) AS owner WHERE true`)
    .onConflictDoUpdate(oneStepOn)
  return [steps, entriesOfOwners(db, list, owners, change)] as const
}

function entriesOfOwners(
  db: Database,
  list: ListName,
  owners: SQL,
  { elementID, state }: { elementID: string; state: ChangeState },
) {
  return db
    .insert(versionChange)
    .select(
      sql`SELECT list, owner_id, ${elementID}, ${state}, version FROM version_head
        WHERE list = ${list} AND owner_id IN (${owners})`,
    )
    .onConflictDoUpdate(lastChangeWins)
}

const oneStepOn = {
  target: [versionHead.list, versionHead.ownerID],
  set: { version: sql`${versionHead.version} + 1` },
}

const lastChangeWins = {
  target: [versionChange.list, versionChange.ownerID, versionChange.elementID],
  set: { state: sql`excluded.state`, version: sql`excluded.version` },
}
