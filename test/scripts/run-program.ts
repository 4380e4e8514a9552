import { execFileSync, spawn } from 'node:child_process'
import { ROOT } from '../../scripts/local/settings.ts'

/** A started program and its output. */
export interface Program {
  pid: number
  /** Everything that the program has printed until now. */
  output: () => string
  /** Resolves with the output when the program prints the text; rejects when the program ends before that. */
  prints: (text: string) => Promise<string>
  /** The exit code, or the name of the signal that killed the program. */
  ended: Promise<number | string>
}

/** Starts a program in the repository's folder, without a terminal or input, and with additional environment variables. */
export function runProgram(command: string, args: string[], env: Record<string, string> = {}, cwd = ROOT): Program {
  const child = spawn(command, args, {
    cwd,
    env: { ...withoutSettings(process.env), DEV_VARS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let onOutput = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      onOutput()
    })
  }
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'))
  })
  const prints = (text: string) =>
    new Promise<string>((resolve, reject) => {
      onOutput = () => {
        if (output.includes(text)) resolve(output)
      }
      onOutput()
      ended.then((code) => reject(new Error(`ended with ${code} before it printed ${text}:\n${output}`)))
    })
  return { pid: child.pid ?? 0, output: () => output, prints, ended }
}

/** Removes variables that would change what is tested: settings, and those of the npm that runs the tests. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(OPENIM_|CLOUDFLARE_|WRANGLER_|npm_|PORT$|STATE_DIR$|SERVE_BUNDLE$)/.test(name),
    ),
  )
}

/** The running processes with the text in their arguments or environment; child processes inherit both. */
export function processesWith(mark: string): string[] {
  const list = execFileSync('ps', ['axeww', '-o', 'pid=,stat=,command='], { encoding: 'utf8', maxBuffer: 64 << 20 })
  return list
    .split('\n')
    .filter((line) => line.includes(mark) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => line.slice(0, 120))
}
