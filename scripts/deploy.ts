/**
 * `npm run deploy`: bundles, checks the bundle against the platform's limits, and puts the service on Cloudflare.
 * D1, R2 and the queues are found or created by their names in wrangler.toml; nothing has to be prepared.
 * `npm run deploy -- --dry-run` stops after the check and needs no account.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeBundle, measureBundle } from './deploy/bundle.ts'
import { chooseSecret, SECRET_SETTINGS, secretsOf } from './deploy/secret.ts'
import { listMigrations } from './local/migrate.ts'
import { Refusal } from './local/settings.ts'
import { showWrangler, tryWrangler } from './local/wrangler.ts'

/** The binding's name: wrangler finds the database's own name, or its id, in wrangler.toml. */
const DATABASE = 'DB'

try {
  await deploy(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
}

async function deploy(args: string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--dry-run')
  if (unknown) throw new Refusal(`Unknown option ${unknown}. There is one: npm run deploy -- --dry-run`)
  console.log(judgeBundle(await measureBundle()))
  // `npm run deploy --dry-run`, without the lone --, hands the option to npm, which tells it by this variable.
  if (args.length > 0 || process.env.npm_config_dry_run === 'true') {
    console.log('Dry run: nothing was uploaded.')
    return
  }

  await requireLogin()
  const secret = await chooseSecret()
  // The new program must not meet the old tables; the old program can live with the new ones, since migrations only add.
  const hasDatabase = (await tryWrangler(['d1', 'migrations', 'list', DATABASE, '--remote'])) !== undefined
  if (hasDatabase) await migrateDatabase()
  await upload(secret)
  if (!hasDatabase) await migrateDatabase()
  console.log('\nDeployed. The address above is the apiAddr of your SDKs; the same with wss:// is their wsAddr.')
}

async function requireLogin(): Promise<void> {
  if (await tryWrangler(['whoami', '--json'])) return
  if (!process.stdin.isTTY) {
    throw new Refusal('Not logged in to Cloudflare. Set CLOUDFLARE_API_TOKEN, or run `npx wrangler login` once.')
  }
  await showWrangler(['login'], 'The login failed')
}

async function migrateDatabase(): Promise<void> {
  if (listMigrations().length === 0) return
  await showWrangler(['d1', 'migrations', 'apply', DATABASE, '--remote'], 'The database could not be migrated')
}

async function upload(secret: string | undefined): Promise<void> {
  const settings = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('OPENIM_') && !SECRET_SETTINGS.includes(name) && name !== 'OPENIM_LOCAL'
      ? ['--var', `${name}:${value}`]
      : [],
  )
  const dir = mkdtempSync(join(tmpdir(), 'openim-edge-'))
  try {
    const file = join(dir, 'secrets.json')
    const secrets = secretsOf(secret)
    if (secrets) writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    const given = secrets ? ['--secrets-file', file] : []
    // Settings made in the dashboard stay; without this every deployment would take them away.
    await showWrangler(['deploy', '--keep-vars', ...settings, ...given], 'The upload failed')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
