import { relative } from 'node:path'
import { DEVELOPMENT_SECRET, type LocalSettings, ROOT } from './settings.ts'

/** What a person reads when the server is up. The first line is for machines and stays as it is. */
export function printReady(url: string, settings: LocalSettings): void {
  const near = relative(ROOT, settings.stateDir)
  const state = near.startsWith('..') ? settings.stateDir : near
  console.log(`ready ${url}

  REST       ${url}
  WebSocket  ${url.replace('http', 'ws')}/
  state      ${state}

Next, get an admin token:

  ${adminTokenCommand(url, settings.hasDevelopmentSecret)}

Ctrl+C stops the server.`)
}

function adminTokenCommand(url: string, hasDevelopmentSecret: boolean): string {
  // A secret that somebody chose does not belong on a screen or in a log.
  const body = hasDevelopmentSecret
    ? `'{"secret":"${DEVELOPMENT_SECRET}","userID":"imAdmin"}'`
    : '"{\\"secret\\":\\"$OPENIM_SECRET\\",\\"userID\\":\\"imAdmin\\"}"'
  return `curl -s ${url}/auth/get_admin_token -H 'operationID: hello' -d ${body}`
}
