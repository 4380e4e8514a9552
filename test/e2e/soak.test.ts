import { describe, expect, it } from 'vitest'
import { soak } from '../soak/soak.ts'
import { isClean } from '../soak/verify.ts'

/** Findings of one kind that a failure message shows. */
const MAX_SHOWN = 10

describe('a server with kills, deployments, cut sockets and retries', () => {
  it('keeps every promise of docs/reliability.md', async () => {
    const { verdict, ...counts } = await soak({
      seconds: 45,
      users: 8,
      pauseMs: 250,
      killEverySeconds: 8,
      deployEverySeconds: 15,
      seed: 13,
      report: () => {},
    })
    const findings = Object.entries(verdict).map(([name, found]) => [name, found.length, ...found.slice(0, MAX_SHOWN)])
    expect(isClean(verdict), JSON.stringify({ counts, findings }, null, 2)).toBe(true)
    expect(counts.kills + counts.deploys).toBeGreaterThan(0)
    expect(counts.messages).toBeGreaterThan(100)
  })
})
