import type { Command } from './command.ts'

/** How to use one command, or which there are. */
export function printHelp(commands: readonly Command[]): void {
  const [only] = commands
  if (commands.length === 1 && only) console.log(helpOf(only))
  else {
    console.log('npm run im -- <command> [options]\n')
    console.log(columns(commands.map(({ name, summary }) => [name, firstSentence(summary)])))
    console.log('\nnpm run im -- <command> --help tells its options.')
  }
}

function helpOf({ name, summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, words }]) => [`--${option} ${value ?? ''}`, words])
  return `npm run im -- ${name} [options]\n\n${summary}\n\n${columns(rows)}`
}

function firstSentence(text: string): string {
  const line = text.replaceAll('\n', ' ')
  const end = line.indexOf('. ')
  return end < 0 ? line : line.slice(0, end + 1)
}

/** Rows of text, each column as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n')
}
