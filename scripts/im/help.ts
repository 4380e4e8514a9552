import type { Command } from './command.ts'

/** Prints the options of a single command, or a list of several commands. */
export function printHelp(commands: readonly Command[]): void {
  const [only] = commands
  if (commands.length === 1 && only) console.log(helpOf(only))
  else {
    console.log('npm run im -- <command> [options]\n')
    console.log(columns(commands.map(({ name, summary }) => [name, firstSentence(summary)])))
    console.log('\nnpm run im -- <command> --help shows the options of a command.')
  }
}

function helpOf({ name, summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, description }]) => [
    `--${option} ${value ?? ''}`,
    description,
  ])
  return `npm run im -- ${name} [options]\n\n${summary}\n\n${columns(rows)}`
}

function firstSentence(text: string): string {
  const line = text.replaceAll('\n', ' ')
  const end = line.indexOf('. ')
  return end < 0 ? line : line.slice(0, end + 1)
}

/** Formats rows as text in which each column is as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n')
}
