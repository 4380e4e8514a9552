import type { Delta } from '../contracts/user.ts'
import type { VersionHead } from './compute-delta.ts'
import { idHash } from './id-hash.ts'

/**
 * OpenIM's answer to a client that syncs a list incrementally; with `full` the client reads the whole list again. An
 * empty list is null, because the JS SDK reads the first element of any array and fails on an empty one.
 */
export interface IncrementalAnswer<T> extends VersionHead {
  full: boolean
  delete: string[] | null
  insert: T[] | null
  update: T[] | null
}

/** The answer for a delta, with the elements themselves. An element that was deleted meanwhile is left out. */
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

/** The IDs of a whole list in order. They are left out when the client's hash shows that it has the same list. */
export function fullIDsAnswer(
  { version, versionID }: VersionHead,
  ids: string[],
  hash: bigint,
): VersionHead & { equal: boolean; ids: string[] } {
  // A client without a list sends 0, the hash of an empty list: this saves hashing up to 100,000 IDs.
  const equal = hash === 0n ? ids.length === 0 : idHash(ids) === hash
  return { version, versionID, equal, ids: equal ? [] : ids }
}
