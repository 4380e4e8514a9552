import type { Delta } from '../contracts/user.ts'

/*
 * OpenIM's incremental sync, once for every kind of list. A list keeps a version and, per element, the last change and
 * the version that made it. A reader names the version it has and gets what changed since, or `full`: read it all.
 */

export const ChangeState = { Insert: 1, Delete: 2, Update: 3 } as const
export type ChangeState = (typeof ChangeState)[keyof typeof ChangeState]

/** The element that stands for "the order changed"; clients then read the ordered ID list again. */
export const SORT_MARKER = '____S_O_R_T_I_D____'

/** The element that stands for what the list belongs to: in a list of members, "the group itself changed". */
export const OWNER_MARKER = ''

/** More changes than this are answered with `full`: the clients' own limit for applying a delta. */
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
 * What to answer to a reader at `asked`.
 * @param changesAfter reads the changes with a version above the given one, at most `limit`, in the order they were made
 */
export async function deltaSince(
  head: VersionHead,
  asked: VersionHead,
  changesAfter: (version: number, limit: number) => Change[] | Promise<Change[]>,
): Promise<Delta> {
  if (!follows(head, asked)) return full(head)
  if (asked.version === head.version) return nothing(head)
  const changes = await changesAfter(asked.version, MAX_DELTA + 1)
  if (changes.length > MAX_DELTA) return full(head)
  const delta = nothing(head)
  for (const { elementID, state, version } of changes) {
    if (elementID === SORT_MARKER) delta.sortVersion = version
    else if (elementID === OWNER_MARKER) delta.ownerChanged = true
    else if (state === ChangeState.Insert) delta.inserted.push(elementID)
    else if (state === ChangeState.Delete) delta.deleted.push(elementID)
    else delta.updated.push(elementID)
  }
  return delta
}

/** Whether the answer to that reader is in the log: there are changes, and all of them are after the version it has. */
export function isBehind(head: VersionHead, asked: VersionHead): boolean {
  return follows(head, asked) && asked.version < head.version
}

/** Whether the reader has a version of this very list. */
function follows(head: VersionHead, asked: VersionHead): boolean {
  if (!VERSION_ID.test(asked.versionID) || asked.version === 0) return false
  return asked.versionID === head.versionID && asked.version <= head.version
}

function nothing(head: VersionHead): Delta {
  return { ...head, full: false, deleted: [], inserted: [], updated: [], sortVersion: 0, ownerChanged: false }
}

function full(head: VersionHead): Delta {
  return { ...nothing(head), full: true }
}
