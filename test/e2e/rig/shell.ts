import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'

const TIMEOUT_MS = 60_000

export interface Ran {
  /** The last command sets it. */
  exitCode: number
  stdout: string
  stderr: string
}

/** One `sh` into which a reader pastes the commands of a page: folders and variables stay from one block to the next. */
export class Shell {
  readonly #sh: ChildProcess
  #stdout = ''
  #stderr = ''
  #changed = () => {}

  /** @param path folders that come before those of this process */
  constructor(cwd: string, path: readonly string[] = []) {
    // Settings of the developer's shell must not change the samples.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(OPENIM_|VITEST|NODE_OPTIONS$)/.test(name))
    const PATH = [...path, process.env.PATH].join(delimiter)
    this.#sh = spawn('sh', [], { cwd, env: { ...Object.fromEntries(inherited), PATH } })
    this.#sh.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#changed()
    })
    this.#sh.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#sh.once('close', () => this.#changed())
  }

  /** Pastes the commands and waits for the last one. */
  async run(commands: string): Promise<Ran> {
    this.#stdout = ''
    this.#stderr = ''
    this.#sh.stdin?.write(`${commands}\nprintf '\\036%s\\036' $?\n`)
    const ended = await new Promise<RegExpExecArray | null>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no end of: ${commands}\n${this.#describe()}`)), TIMEOUT_MS)
      this.#changed = () => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the character that no sample prints
        const end = /^([^\u001e]*)\u001e(\d+)\u001e$/.exec(this.#stdout)
        if (!end && this.#sh.exitCode === null) return
        clearTimeout(timer)
        resolve(end)
      }
    })
    if (!ended) throw new Error(`the shell ended in: ${commands}\n${this.#describe()}`)
    const [, stdout = '', exitCode] = ended
    return { exitCode: Number(exitCode), stdout, stderr: this.#stderr }
  }

  close(): void {
    this.#sh.kill('SIGKILL')
  }

  #describe(): string {
    return `${this.#stdout}\n${this.#stderr}`
  }
}
