import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = new URL('../..', import.meta.url).pathname

/** The client's largest size in a browser, gzipped. */
const MAX_CLIENT_BYTES = 40_000

const SAMPLE = `
import { createClient, MemoryStore } from 'openim-edge/client'
const client = createClient({ api: 'http://127.0.0.1:1', userID: 'alice', token: 'none', store: new MemoryStore() })
console.log(client.userID, client.connection.get().status)
`

describe('the packed package', () => {
  let folder: string
  let installed: string

  // Installed as npm does it: the tarball's files, and its dependency beside it. The registry is not needed.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openim-edge-package-'))
    await run('npm', ['run', 'build', '-w', 'sdk'], { cwd: root })
    await run('npm', ['pack', '-w', 'sdk', '--pack-destination', folder], { cwd: root })
    const [tarball = ''] = await readdir(folder)
    installed = join(folder, 'node_modules/openim-edge')
    await mkdir(installed, { recursive: true })
    await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components', '1'])
    await symlink(join(root, 'node_modules/idb'), join(folder, 'node_modules/idb'))
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('contains the licence, the guide, the code and its types', async () => {
    const files = await readdir(installed, { recursive: true })
    expect(files.filter((path) => path !== 'dist').toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'dist/client.d.ts',
      'dist/client.js',
      'package.json',
    ])
  })

  it('is imported in an empty folder', async () => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', SAMPLE], { cwd: folder })
    expect(stdout).toBe('alice idle\n')
  })

  it('weighs at most 40 KB', async () => {
    const code = await readFile(join(installed, 'dist/client.js'))
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(MAX_CLIENT_BYTES)
  })

  it('has no code but its own, idb and the protobuf codecs', async () => {
    const code = await readFile(join(installed, 'dist/client.js'), 'utf8')
    const imports = [...code.matchAll(/\bfrom\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g)]
    expect(new Set(imports.map(([, fixed, lazy]) => fixed ?? lazy))).toEqual(new Set(['idb']))
  })
})
