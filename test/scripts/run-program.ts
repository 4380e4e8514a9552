import { execFileSync, spawn } from 'node:child_process'
import { ROOT } from '../../scripts/local/settings.ts'

/** A started program, with what it has printed so far. */
export interface Program {
  pid: number
  output: () => string
  /** Settles when the program prints the text, with everything printed; fails when it ends first. */
  prints: (text: string) => Promise<string>
  /** The exit code, or the name of the signal it died of. */
  ended: Promise<number | string>
}

/** Starts a program in the repository's folder with no terminal, an input that is closed, and the given environment on top. */
export function runProgram(command: string, args: string[], env: Record<string, string> = {}): Program {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...withoutSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let heard = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      heard()
    })
  }
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'))
  })
  const prints = (text: string) =>
    new Promise<string>((resolve, reject) => {
      heard = () => {
        if (output.includes(text)) resolve(output)
      }
      heard()
      ended.then((code) => reject(new Error(`ended with ${code} before it printed ${text}:\n${output}`)))
    })
  return { pid: child.pid ?? 0, output: () => output, prints, ended }
}

/** The surroundings must not decide what is tested: not their settings, and not the npm that runs the tests. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(OPENIM_|CLOUDFLARE_|WRANGLER_|npm_|PORT$|STATE_DIR$|SERVE_BUNDLE$)/.test(name),
    ),
  )
}

/** The running processes that have the text in their arguments or environment, which children inherit. */
export function processesWith(mark: string): string[] {
  const list = execFileSync('ps', ['axeww', '-o', 'pid=,stat=,command='], { encoding: 'utf8', maxBuffer: 64 << 20 })
  return list
    .split('\n')
    .filter((line) => line.includes(mark) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => line.slice(0, 120))
}
