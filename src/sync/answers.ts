import type { Delta } from '../contracts/user.ts'
import { idHash } from './id-hash.ts'
import type { VersionHead } from './version-log.ts'

/**
 * What OpenIM answers to a client that follows a list; with `full` the client reads the list anew. What is empty is
 * null: the JS SDK looks at the first of the members that it finds there, and fails to sync where there is none.
 */
export interface IncrementalAnswer<T> extends VersionHead {
  full: boolean
  delete: string[] | null
  insert: T[] | null
  update: T[] | null
}

/** A delta with the elements themselves; one that is gone by now is left out. */
export function incrementalAnswer<T>(delta: Delta, found: ReadonlyMap<string, T>): IncrementalAnswer<T> {
  return {
    version: delta.version,
    versionID: delta.versionID,
    full: delta.full,
    delete: nullIfEmpty(delta.deleted),
    insert: nullIfEmpty(delta.inserted.flatMap((id) => found.get(id) ?? [])),
    update: nullIfEmpty(delta.updated.flatMap((id) => found.get(id) ?? [])),
  }
}

function nullIfEmpty<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list
}

/** The IDs of a whole list in their order, left out when the client's hash says that it has them already. */
export function fullIDsAnswer(
  { version, versionID }: VersionHead,
  ids: string[],
  hash: bigint,
): VersionHead & { equal: boolean; ids: string[] } {
  // Clients that know no list send 0, the hash of the empty one: no reason to hash a hundred thousand IDs.
  const equal = hash === 0n ? ids.length === 0 : idHash(ids) === hash
  return { version, versionID, equal, ids: equal ? [] : ids }
}
