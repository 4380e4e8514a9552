/** Prints a line the Worker logged: complaints to stderr, all else to stdout. */
export function printWorkerLog({ level, message }: { level: string; message: string }): void {
  const stream = level === 'error' || level === 'warn' ? process.stderr : process.stdout
  stream.write(`${message}\n`)
}
