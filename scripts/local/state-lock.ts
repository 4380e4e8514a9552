import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { HOST, Refusal } from './settings.ts'

/** STATE_DIR/server.json: exists while a server runs, so that tests can find it and no second server uses the folder. */
export interface ServerFile {
  pid: number
  /** The workerd process that owns the state; tests kill it to simulate a crash. */
  workerdPid?: number | undefined
  port?: number
  url?: string
}

/**
 * Locks the state folder for this process.
 * @throws Refusal when another server uses the folder
 */
export async function lockState(stateDir: string): Promise<void> {
  mkdirSync(stateDir, { recursive: true })
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(pathIn(stateDir), JSON.stringify({ pid: process.pid }), { flag: 'wx' })
      process.once('exit', () => rmSync(pathIn(stateDir), { force: true }))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const other = readServerFile(stateDir)
    if (!other || !(await isServing(other))) {
      rmSync(pathIn(stateDir), { force: true })
    } else if (attempt === 10) {
      throw new Refusal(
        `${stateDir} is in use by another server (process ${other.pid}${other.url ? `, ${other.url}` : ''}). ` +
          'Stop it first, or give this one its own folder: STATE_DIR=/some/folder npm start',
      )
    } else {
      // The runtime of a server that was just killed needs a moment to exit.
      await setTimeout(100)
    }
  }
}

/** Publishes the address of the server. The file is replaced atomically, so that a reader never sees half of it. */
export function writeServerFile(stateDir: string, server: ServerFile): void {
  const path = pathIn(stateDir)
  writeFileSync(`${path}.new`, `${JSON.stringify(server)}\n`)
  renameSync(`${path}.new`, path)
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

async function isServing(server: ServerFile): Promise<boolean> {
  // The system reuses pids, so a known port is the better evidence.
  return server.port === undefined ? isAlive(server.pid) : canConnect(server.port)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
