import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { HOST, Refusal } from './settings.ts'

/** Kept in STATE_DIR/server.json while a server runs, so that tests and people can find it, and nobody starts a second. */
export interface ServerFile {
  pid: number
  /** The runtime that holds the state; killing it is how a crash is tried. */
  workerdPid?: number | undefined
  port?: number
  url?: string
}

/** Takes the state folder for this process, or refuses because a server is using it. */
export async function claimState(stateDir: string): Promise<void> {
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
      // A server that was just killed needs a moment until its runtime is gone.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Says where the server is; written whole, so that a reader never sees half of it. */
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
  // A pid alone proves little, since the system gives it out again: once a port is known, the port decides.
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
