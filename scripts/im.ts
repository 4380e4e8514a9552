/** `npm run im -- <command>`: the operator's commands for a running service. */
import { parseArgs } from 'node:util'
import { check } from './im/check.ts'
import { type Command, UsageError } from './im/command.ts'
import { printHelp } from './im/help.ts'
import { redrive } from './im/redrive.ts'
import { send } from './im/send.ts'
import { setSeqs, showSeqs } from './im/seqs.ts'
import { token } from './im/token.ts'
import { replayWebhooks, showDeadWebhooks } from './im/webhooks.ts'
import { Refusal } from './local/settings.ts'

const COMMANDS: readonly Command[] = [token, send, showSeqs, setSeqs, check, redrive, showDeadWebhooks, replayWebhooks]

/** Exit codes: `failed` when the service refuses or fails, `usage` when the command line is not valid. */
const EXIT = { failed: 1, usage: 2 }

process.exitCode = await run(process.argv.slice(2))

async function run(args: string[]): Promise<number> {
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, i) => args[i] === word))
  if (!command) {
    const [word] = args
    const asksForHelp = word === undefined || word === '--help' || word === 'help'
    if (!asksForHelp) console.error(`There is no command ${JSON.stringify(args.join(' '))}.\n`)
    printHelp(COMMANDS)
    return asksForHelp ? 0 : EXIT.usage
  }
  const given = args.slice(command.name.split(' ').length)
  if (given.includes('--help')) {
    printHelp([command])
    return 0
  }
  try {
    await command.run(valuesOf(command, given))
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n`)
      printHelp([command])
      return EXIT.usage
    }
    console.error(error instanceof Refusal ? error.message : error)
    return EXIT.failed
  }
}

function valuesOf({ options }: Command, args: string[]): Record<string, string | boolean | undefined> {
  try {
    const types = Object.entries(options).map(([name, { isFlag }]) => {
      const type: 'boolean' | 'string' = isFlag ? 'boolean' : 'string'
      return [name, { type }] as const
    })
    return parseArgs({ args, options: Object.fromEntries(types), strict: true }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
