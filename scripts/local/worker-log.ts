/** Prints a log line of the Worker: errors and warnings to stderr, other lines to stdout. */
export function printWorkerLog({ level, message }: { level: string; message: string }): void {
  const stream = level === 'error' || level === 'warn' ? process.stderr : process.stdout
  stream.write(`${message}\n`)
}
