import { relative } from 'node:path'
import { DEVELOPMENT_SECRET, type LocalSettings, ROOT } from './settings.ts'

/** Prints the first steps when the server is ready. Programs parse the first line, so it must not change. */
export function printReady(url: string, settings: LocalSettings): void {
  const relativeDir = relative(ROOT, settings.stateDir)
  const state = relativeDir.startsWith('..') ? settings.stateDir : relativeDir
  console.log(`ready ${url}

  REST       ${url}
  WebSocket  ${url.replace('http', 'ws')}/
  state      ${state}

Next, get an admin token:

  ${adminTokenCommand(url, settings.hasDevelopmentSecret)}

Ctrl+C stops the server.`)
}

function adminTokenCommand(url: string, hasDevelopmentSecret: boolean): string {
  // A secret of the user's own must not appear on a screen or in a log.
  const body = hasDevelopmentSecret
    ? `'{"secret":"${DEVELOPMENT_SECRET}","userID":"imAdmin"}'`
    : '"{\\"secret\\":\\"$OPENIM_SECRET\\",\\"userID\\":\\"imAdmin\\"}"'
  return `curl -s ${url}/auth/get_admin_token -H 'operationID: hello' -d ${body}`
}
