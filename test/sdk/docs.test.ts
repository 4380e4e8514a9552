import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

it('shows samples in docs/client.md that are type-checked', () => {
  const checked = read('./samples.ts').replace('../../sdk/src/client.ts', 'openim-edge/client')
  const samples = [...read('../../docs/client.md').matchAll(/```ts\n(.*?)```/gs)].map(([, sample]) => sample ?? '')
  expect(samples.length).toBeGreaterThan(0)
  for (const sample of samples) expect(checked).toContain(sample.trim())
})
