import type { Delta } from '../contracts/user.ts'

/*
 * OpenIM's incremental sync, shared by every kind of list. A list has a version and, per element, the last change and
 * the version of that change. A reader sends the version that it has, and gets the changes since that version, or
 * `full`: read the whole list.
 */

export const ChangeState = { Insert: 1, Delete: 2, Update: 3 } as const
export type ChangeState = (typeof ChangeState)[keyof typeof ChangeState]

/** A change of this element means "the order changed"; clients then read the ordered list of IDs again. */
export const SORT_MARKER = '____S_O_R_T_I_D____'

/** A change of this element means "the owner of the list changed": in a list of members, the group itself. */
export const OWNER_MARKER = ''

/** A delta with more changes is answered with `full`: clients apply at most this many. */
export const MAX_DELTA = 200

export interface VersionHead {
  versionID: string
  version: number
}

export interface Change {
  elementID: string
  state: ChangeState
  version: number
}

const VERSION_ID = /^(?!0{24})[0-9a-f]{24}$/

/**
 * The answer to a reader that has the version `asked`.
 * @param changesAfter reads the changes with a version above the given one, at most `limit`, in the order of versions
 */
export async function deltaSince(
  head: VersionHead,
  asked: VersionHead,
  changesAfter: (version: number, limit: number) => Change[] | Promise<Change[]>,
): Promise<Delta> {
  if (!isVersionOf(head, asked)) return fullDelta(head)
  if (asked.version === head.version) return emptyDelta(head)
  const changes = await changesAfter(asked.version, MAX_DELTA + 1)
  if (changes.length > MAX_DELTA) return fullDelta(head)
  const delta = emptyDelta(head)
  for (const { elementID, state, version } of changes) {
    if (elementID === SORT_MARKER) delta.sortVersion = version
    else if (elementID === OWNER_MARKER) delta.ownerChanged = true
    else if (state === ChangeState.Insert) delta.inserted.push(elementID)
    else if (state === ChangeState.Delete) delta.deleted.push(elementID)
    else delta.updated.push(elementID)
  }
  return delta
}

/** Whether the reader has an older version of this list, so that the version log has the changes that it lacks. */
export function isBehind(head: VersionHead, asked: VersionHead): boolean {
  return isVersionOf(head, asked) && asked.version < head.version
}

/** Whether `asked` is a version that this list has or had. */
function isVersionOf(head: VersionHead, asked: VersionHead): boolean {
  if (!VERSION_ID.test(asked.versionID) || asked.version === 0) return false
  return asked.versionID === head.versionID && asked.version <= head.version
}

function emptyDelta(head: VersionHead): Delta {
  return { ...head, full: false, deleted: [], inserted: [], updated: [], sortVersion: 0, ownerChanged: false }
}

function fullDelta(head: VersionHead): Delta {
  return { ...emptyDelta(head), full: true }
}
