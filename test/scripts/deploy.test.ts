import { describe, expect, it, vi } from 'vitest'
import { describeBundle } from '../../scripts/deploy/bundle.ts'
import { chooseSecret, requireGoodSecret, secretsOf } from '../../scripts/deploy/secret.ts'
import { listMigrations } from '../../scripts/local/migrate.ts'
import { DEVELOPMENT_SECRET } from '../../scripts/local/settings.ts'
import { startFakeCloudflare } from './fake-cloudflare.ts'
import { runProgram } from './run-program.ts'

const MIB = 1024 * 1024

describe('npm run deploy', () => {
  it('bundles the Worker within the limits of Cloudflare', async () => {
    const dryRun = runProgram('npm', ['run', 'deploy', '--', '--dry-run'])
    expect(await dryRun.ended, dryRun.output()).toBe(0)
    expect(dryRun.output()).toMatch(/Bundle: [\d,]+ KiB, [\d,]+ KiB compressed, within Cloudflare's limit/)
  })

  it('refuses a bundle above the limit, and warns of a large one', () => {
    expect(() => describeBundle({ bytes: 65 * MIB, gzipBytes: MIB })).toThrow('Cloudflare accepts at most 65,536 KiB')
    expect(describeBundle({ bytes: 20 * MIB, gzipBytes: 4 * MIB })).toContain('slow to start')
  })

  it('refuses a secret that is easy to guess', () => {
    expect(() => requireGoodSecret('openIM123')).toThrow('published default')
    expect(() => requireGoodSecret('short')).toThrow('at least 16 characters')
    const rotated = (previous: string) => secretsOf('a secret of our own', { OPENIM_SECRET_PREVIOUS: previous })
    expect(() => rotated('openIM123')).toThrow("OPENIM_SECRET_PREVIOUS is OpenIM's published default")
    expect(rotated('the secret before this one')).toEqual({
      ...{ OPENIM_SECRET: 'a secret of our own', OPENIM_SECRET_PREVIOUS: 'the secret before this one' },
    })
  })

  it('explains how to set the secret when a deployment has no secret', async () => {
    const cloudflare = await startFakeCloudflare()
    for (const [name, value] of Object.entries(cloudflare.env)) vi.stubEnv(name, value)
    await expect(chooseSecret({})).rejects.toThrow(/OPENIM_SECRET=[0-9a-f]{48} npm run deploy/)
    vi.unstubAllEnvs()
    cloudflare.close()
  })

  it('creates every resource at the first deployment, and changes only what is necessary at the next one', async () => {
    const cloudflare = await startFakeCloudflare()
    const deploy = (env = {}) => runProgram(process.execPath, ['scripts/deploy.ts'], { ...cloudflare.env, ...env })

    const first = deploy({ OPENIM_SECRET: 'a secret of our own', OPENIM_ADMIN_USER_IDS: 'root,ops', OPENIM_SMS: '{}' })
    expect(await first.ended, first.output()).toBe(0)
    const made = cloudflare.changes.splice(0)
    expect(made.filter((change) => change.startsWith('create')).sort()).toEqual([
      'create d1 openim-edge',
      'create queue openim-edge-push',
      'create queue openim-edge-transfer',
      'create queue openim-edge-webhook',
      'create queue openim-edge-webhook-dead',
      'create r2 openim-edge-files',
    ])
    // The upload creates the database, so the first migrations come after it.
    const sinceUpload = made.slice(made.indexOf('upload')).filter((change) => !change.startsWith('consume'))
    expect(sinceUpload).toEqual(['upload', ...listMigrations().map((name) => `migrate ${name}`)])
    expect(made).toContain('consume openim-edge-push, dead letters to openim-edge-push-dead')
    expect(cloudflare.bindings()).toContainEqual({
      name: 'OPENIM_SECRET',
      type: 'secret_text',
      text: 'a secret of our own',
    })
    expect(cloudflare.bindings()).toContainEqual({
      name: 'OPENIM_ADMIN_USER_IDS',
      type: 'plain_text',
      text: 'root,ops',
    })
    // The local defaults of `wrangler dev` stay on the developer's machine.
    expect(cloudflare.bindings().map(({ name }) => name)).not.toContain('OPENIM_LOCAL')
    expect(JSON.stringify(cloudflare.bindings())).not.toContain(DEVELOPMENT_SECRET)
    expect(cloudflare.bindings()).toContainEqual({ name: 'OPENIM_SMS', type: 'secret_text', text: '{}' })
    expect(cloudflare.crons()).toHaveLength(1)
    expect(first.output()).not.toContain('a secret of our own')

    cloudflare.forgetMigrations()
    const second = deploy()
    expect(await second.ended, second.output()).toBe(0)
    const changed = cloudflare.changes.filter((change) => !change.startsWith('consume'))
    expect(changed).toEqual([...listMigrations().map((name) => `migrate ${name}`), 'upload'])
    expect(cloudflare.bindings()).toContainEqual({ name: 'OPENIM_SECRET', type: 'inherit' })
    cloudflare.close()
  })
})
