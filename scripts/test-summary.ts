import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Ends a test run with the line `N passed, N failed`, which scripts and reviewers read. The lines before it name the
 * failures, one line each.
 */
export default class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0
    const failures: string[] = []
    // A file that cannot be loaded has no tests, and an error outside of tests fails none of them: both are counted.
    for (const error of unhandled) failures.push(`outside of any test: ${shortened(error)}`)
    for (const module of modules) {
      for (const error of module.errors()) failures.push(`${module.relativeModuleId}: ${shortened(error)}`)
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()
        if (state === 'passed') passed++
        if (state !== 'failed') continue
        failures.push(`${module.relativeModuleId} > ${test.fullName}: ${errors.map(shortened).join(' | ')}`)
      }
    }
    // Other reporters may still write until the process exits.
    process.once('exit', () => {
      for (const failure of failures) console.log(onOneLine(`failed: ${failure}`))
      console.log(`${passed} passed, ${failures.length} failed`)
    })
  }
}

const MAX_MESSAGE_LENGTH = 300

/** The beginning of the error's message; the report above shows all of it. */
function shortened({ message }: Pick<SerializedError, 'message'>): string {
  return message.slice(0, MAX_MESSAGE_LENGTH)
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
