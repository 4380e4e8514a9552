import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Ends a test run with one line, `N passed, N failed`, for readers that look at nothing else. Before it stands, a line
 * each, what failed and what passed at the second try only.
 */
export default class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0
    const failed: string[] = []
    const repeated: string[] = []
    // A file that cannot be loaded has no tests to fail, and an error outside every test fails none: both count.
    for (const error of unhandled) failed.push(`outside every test: ${gist(error)}`)
    for (const module of modules) {
      for (const error of module.errors()) failed.push(`${module.relativeModuleId}: ${gist(error)}`)
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()
        const name = `${module.relativeModuleId} > ${test.fullName}`
        if (state === 'passed') passed++
        if (state === 'passed' && test.diagnostic()?.flaky) repeated.push(name)
        if (state === 'failed') failed.push(`${name}: ${errors.map(gist).join(' | ')}`)
      }
    }
    // Other reporters may still be writing; nothing is written after the exit event.
    process.once('exit', () => {
      for (const name of repeated) console.log(onOneLine(`passed at the second try: ${name}`))
      for (const what of failed) console.log(onOneLine(`failed: ${what}`))
      console.log(`${passed} passed, ${failed.length} failed`)
    })
  }
}

const GIST_LENGTH = 300

/** The beginning of what an error says; the whole stands in the report. */
function gist({ message }: Pick<SerializedError, 'message'>): string {
  return message.slice(0, GIST_LENGTH)
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
