import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { Refusal } from './settings.ts'

/** STATE_DIR/server.json: describes the running server. Programs read it to find the server; it locks nothing. */
export interface ServerFile {
  pid: number
  /** The workerd process that owns the state; tests kill it to simulate a crash. */
  workerdPid?: number | undefined
  port?: number
  url?: string
}

const POLL_MS = 100
/** A server that was asked to stop holds the lock until its runtime has exited. */
const WAIT_FOR_LOCK_MS = 1_000
/** The guard process kills the runtime of a dead server within milliseconds; a busy machine needs longer. */
const WAIT_FOR_RUNTIME_MS = 5_000

/**
 * Locks the state folder for this process. The lock is SQLite's exclusive lock on an empty file: the system frees it
 * however this process dies. No process id is compared, because containers repeat them.
 * @throws Refusal when another server uses the folder
 */
export async function lockState(stateDir: string): Promise<void> {
  mkdirSync(stateDir, { recursive: true })
  const deadline = Date.now() + WAIT_FOR_LOCK_MS
  while (!tryLock(stateDir)) {
    if (Date.now() > deadline) throw inUse(stateDir)
    await setTimeout(POLL_MS)
  }
  await untilRuntimeEnds(readServerFile(stateDir)?.workerdPid)
  process.once('exit', () => rmSync(pathIn(stateDir), { force: true }))
  writeServerFile(stateDir, { pid: process.pid })
}

/** Publishes the address of the server. The file is replaced atomically, so that a reader never sees half of it. */
export function writeServerFile(stateDir: string, server: ServerFile): void {
  const path = pathIn(stateDir)
  writeFileSync(`${path}.new`, `${JSON.stringify(server)}\n`)
  renameSync(`${path}.new`, path)
}

function tryLock(stateDir: string): boolean {
  // The file stays when the server ends: two servers could lock two files of the same name if one of them deleted it.
  const database = new DatabaseSync(join(stateDir, 'lock'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    // The listener keeps a reference: garbage collection would close the database and free the lock.
    process.once('exit', () => database.close())
    return true
  } catch (error) {
    database.close()
    if (isBusy(error)) return false
    throw error
  }
}

/** Whether the error is SQLITE_BUSY: another process holds the lock. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

function inUse(stateDir: string): Refusal {
  const other = readServerFile(stateDir)
  const who = other ? ` (process ${other.pid}${other.url ? `, ${other.url}` : ''})` : ''
  return new Refusal(
    `${stateDir} is in use by another server${who}. ` +
      'Stop it first, or give this one its own folder: STATE_DIR=/some/folder npm start',
  )
}

/** Waits for the end of a killed server's runtime, which may outlive its server for a moment. */
async function untilRuntimeEnds(pid: number | undefined): Promise<void> {
  const deadline = Date.now() + WAIT_FOR_RUNTIME_MS
  // After the deadline, the id belongs to the runtime of a server with another folder.
  while (pid !== undefined && isWorkerd(pid) && Date.now() < deadline) await setTimeout(POLL_MS)
}

/** Whether the process is a running workerd. A dead process that its parent has not reaped has no arguments. */
function isWorkerd(pid: number): boolean {
  try {
    const program = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]
      : // macOS has no /proc.
        execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
    return basename(program?.trim() ?? '').startsWith('workerd')
  } catch {
    return false
  }
}

function readServerFile(stateDir: string): ServerFile | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(stateDir), 'utf8')) as ServerFile
  } catch {
    return undefined
  }
}

function pathIn(stateDir: string): string {
  return join(stateDir, 'server.json')
}
