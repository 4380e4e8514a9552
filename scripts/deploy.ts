/**
 * `npm run deploy`: bundles the Worker, checks the bundle against Cloudflare's limits, and deploys the service. D1, R2 and
 * the queues are found or created by their names in wrangler.toml, so nothing needs to be prepared.
 * `npm run deploy -- --dry-run` stops after the check and needs no account.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeBundle, measureBundle } from './deploy/bundle.ts'
import { chooseSecret, SECRET_SETTINGS, secretsOf } from './deploy/secret.ts'
import { listMigrations } from './local/migrate.ts'
import { writePlainConfig } from './local/plain-config.ts'
import { Refusal } from './local/settings.ts'
import { showWrangler, tryWrangler } from './local/wrangler.ts'

/** The name of the binding. wrangler reads the database's own name or ID from wrangler.toml. */
const DATABASE = 'DB'

/** wrangler.toml without the local defaults, of which wrangler would upload the path of the plugin. */
const CONFIG = ['--config', writePlainConfig()]

try {
  await deploy(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = 1
}

async function deploy(args: string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--dry-run')
  if (unknown) throw new Refusal(`Unknown option ${unknown}. The only option is: npm run deploy -- --dry-run`)
  console.log(describeBundle(await measureBundle()))
  // `npm run deploy --dry-run`, without the extra --, gives the option to npm, which passes it in this variable.
  if (args.length > 0 || process.env.npm_config_dry_run === 'true') {
    console.log('Dry run: nothing was uploaded.')
    return
  }

  await requireLogin()
  const secret = await chooseSecret()
  // Migrates before the upload: the new code needs the new tables, and the old code works with them, as migrations only add.
  const hasDatabase = (await tryWrangler(['d1', 'migrations', 'list', DATABASE, '--remote', ...CONFIG])) !== undefined
  if (hasDatabase) await migrateDatabase()
  await upload(secret)
  if (!hasDatabase) await migrateDatabase()
  console.log(
    '\nDeployed. The address above is the apiAddr of your SDKs; with wss:// instead of https:// it is the wsAddr.',
  )
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
  await showWrangler(
    ['d1', 'migrations', 'apply', DATABASE, '--remote', ...CONFIG],
    'The database could not be migrated',
  )
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
    // `--keep-vars` keeps settings that were made in the dashboard; without it every deployment would delete them.
    await showWrangler(['deploy', '--keep-vars', ...CONFIG, ...settings, ...given], 'The upload failed')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
