/**
 * `npm run soak`: a bounded soak of a server of its own. `--seconds 600 --users 20 --kills 60 --deploys 120 --seed 1`:
 * kills and deploys are the average seconds between two of them, 0 for none.
 */
import { parseArgs } from 'node:util'
import { type SoakResult, soak } from './soak.ts'
import { isClean } from './verify.ts'

const MAX_SHOWN = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    users: { type: 'string', default: '20' },
    pause: { type: 'string', default: '400' },
    kills: { type: 'string', default: '20' },
    deploys: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

console.log(`soak: seed ${values.seed}, ${values.users} users, ${values.seconds} s`)
const result = await soak({
  seconds: Number(values.seconds),
  users: Number(values.users),
  pauseMs: Number(values.pause),
  killEverySeconds: Number(values.kills),
  deployEverySeconds: Number(values.deploys),
  seed: Number(values.seed),
  report: (line) => console.log(line),
})
show(result)
if (!isClean(result.verdict)) process.exitCode = 1

function show({ verdict, ...counts }: SoakResult): void {
  for (const [name, count] of Object.entries(counts)) console.log(`${name}: ${count}`)
  for (const [name, findings] of Object.entries(verdict)) {
    console.log(`${name}: ${findings.length}`)
    for (const finding of findings.slice(0, MAX_SHOWN)) console.log(`  ${finding}`)
  }
}
