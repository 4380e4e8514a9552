import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Ends a test run with one line, `N passed, N failed`, for readers that look at nothing else. Before it stands what
 * passed at the second try only.
 */
export default class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0
    // A file that cannot be loaded has no tests to fail, and an error outside every test fails none: both count.
    let failed = unhandled.length
    const repeated: string[] = []
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        if (state === 'passed' && test.diagnostic()?.flaky)
          repeated.push(`${module.relativeModuleId} > ${test.fullName}`)
        if (state === 'failed') failed++
      }
    }
    // Other reporters may still be writing; nothing is written after the exit event.
    process.once('exit', () => {
      for (const name of repeated) console.log(`passed at the second try: ${name}`)
      console.log(`${passed} passed, ${failed} failed`)
    })
  }
}
