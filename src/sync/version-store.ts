import { createHash } from 'node:crypto'
import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { Delta } from '../contracts/user.ts'
import { type Database, isAmong } from '../platform/storage/d1.ts'
import { jsonField, selectJsonRows } from '../platform/storage/upsert-rows.ts'
import { type Change, type ChangeState, deltaSince, isBehind, MAX_DELTA, type VersionHead } from './compute-delta.ts'
import { versionChange, versionHead } from './tables.ts'

/** The lists in D1 that clients sync by version. The list of a user's conversations is stored in the UserObject. */
export type ListName = 'friend' | 'black' | 'joined-group' | 'group-member'

/** The changes of a list since the version that the client has. */
export async function readDelta(db: Database, list: ListName, ownerID: string, asked: VersionHead): Promise<Delta> {
  const head = await readHead(db, list, ownerID)
  return deltaSince(head, asked, async (version) => (await changesAfter(db, list, ownerID, version)).map(toChange))
}

/** The changes of the lists of several owners, in the order asked. Takes two calls to D1 for any number of owners. */
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
  const readers = asked.map((one) => ({ ...one, head: heads.get(one.ownerID) ?? firstHead(list, one.ownerID) }))
  const behind = readers.filter((reader) => isBehind(reader.head, reader))
  const [first, ...rest] = behind.map((reader) => changesAfter(db, list, reader.ownerID, reader.version))
  const found = first ? await db.batch([first, ...rest]) : []
  const changes = new Map(behind.map((reader, i) => [reader, (found[i] ?? []).map(toChange)]))
  return Promise.all(readers.map((reader) => deltaSince(reader.head, reader, () => changes.get(reader) ?? [])))
}

/** Reads one change more than clients accept in a delta, so that the caller can detect too many changes. */
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

/** The statement that reads a list's version, for use in a batch. A list that never changed has no row. */
export function headStatement(db: Database, list: ListName, ownerID: string) {
  return db
    .select({ versionID: versionHead.versionID, version: versionHead.version })
    .from(versionHead)
    .where(and(eq(versionHead.list, list), eq(versionHead.ownerID, ownerID)))
}

/** The version of a list. A list that never changed has version 1 and a derived ID, so that reading writes nothing. */
export async function readHead(db: Database, list: ListName, ownerID: string): Promise<VersionHead> {
  return (await readHeads(db, list, [ownerID])).get(ownerID) ?? firstHead(list, ownerID)
}

/** The versions of the owners' lists, without the lists that never changed. */
async function readHeads(db: Database, list: ListName, ownerIDs: readonly string[]): Promise<Map<string, VersionHead>> {
  const rows = await db
    .select()
    .from(versionHead)
    .where(and(eq(versionHead.list, list), isAmong(versionHead.ownerID, ownerIDs)))
  return new Map(rows.map(({ ownerID, versionID, version }) => [ownerID, { versionID, version }]))
}

/** The version of a list that never changed. OpenIM: version IDs are 24 hexadecimal digits. */
export function firstHead(list: string, ownerID: string): VersionHead {
  const versionID = createHash('sha256').update(`${list}\n${ownerID}`).digest('hex').slice(0, 24)
  return { versionID, version: 1 }
}

/** Raises a list's version by one step and records its changes, atomically. One step may hold any number of changes. */
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
 * The statements of `bumpVersion`, to run in one batch with the change itself.
 * @param steps raises the version by this number; all changes are recorded at the last step
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
    .onConflictDoUpdate({ ...incrementVersion, set: { version: sql`${versionHead.version} + ${steps}` } })
  // One statement for all elements: up to 1,000 may change at once. (Without `WHERE true` SQLite reads ON as a join's.)
  const entries = db
    .insert(versionChange)
    .select(
      selectJsonRows(changes, [sql`${list}`, sql`${ownerID}`, jsonField('elementID'), jsonField('state'), current]),
    )
    .onConflictDoUpdate(lastChangeWins)
  return [step, entries] as const
}

/** The statements of `bumpVersion` for the lists of many owners: the same element changes in each list. */
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
    .onConflictDoUpdate(incrementVersion)
  const owners = sql`SELECT value FROM json_each(${JSON.stringify(ownerIDs)})`
  return [steps, entriesOfOwners(db, list, owners, { elementID, state })] as const
}

/**
 * The statements of `bumpVersion` for the owners that a query finds, one per row: there may be more owners than a
 * statement can name. A list that never changed gets a new version ID, so that its readers read it in full.
 */
export function bumpOwnersWhereStatements(
  db: Database,
  list: ListName,
  owners: SQL,
  change: { elementID: string; state: ChangeState },
) {
  const steps = db
    .insert(versionHead)
    // A list without a row has version 1, so the next version is 2. (Without `WHERE true` SQLite reads ON as a join's.)
    .select(sql`SELECT ${list}, owner.*, lower(hex(randomblob(12))), 2 FROM (${owners}) AS owner WHERE true`)
    .onConflictDoUpdate(incrementVersion)
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

const incrementVersion = {
  target: [versionHead.list, versionHead.ownerID],
  set: { version: sql`${versionHead.version} + 1` },
}

const lastChangeWins = {
  target: [versionChange.list, versionChange.ownerID, versionChange.elementID],
  set: { state: sql`excluded.state`, version: sql`excluded.version` },
}
