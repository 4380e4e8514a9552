import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Headless, without GPU and without any talk to Google's services; modest in memory, for small CI machines. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--mute-audio',
  // A device lives for seconds: optimising the Go core's 35 MB in the background would only take the other core.
  '--js-flags=--liftoff-only',
]

/** Goes with node_modules, so that a fresh install unpacks afresh. */
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/openim-edge')

const LAUNCH_TIMEOUT_MS = 120_000

/** An executable and what it needs around it to start. */
interface Chrome {
  executablePath: string
  env: Record<string, string>
}

/**
 * A browser for the run: `CHROME_PATH` if set; else the Chromium that came with `npm ci`, where its package has one for
 * this platform; else an installed Chrome or Edge. Never a silent skip: without a browser the run fails and says why.
 */
export async function launchBrowser(): Promise<Browser> {
  const given = process.env.CHROME_PATH
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`CHROME_PATH names ${given}, which does not exist`)
    return launch({ executablePath: given, env: {} })
  }
  if (process.platform === 'linux' && process.arch === 'x64') return launch(await bundledChromium())
  for (const channel of ['chrome', 'msedge', 'chromium']) {
    const browser = await chromium.launch({ channel, args: FLAGS, timeout: LAUNCH_TIMEOUT_MS }).catch(() => null)
    if (browser) return browser
  }
  throw new Error(
    `no browser for the end-to-end tests: the npm package @sparticuz/chromium has none for ${process.platform} ` +
      `${process.arch}, and neither Chrome nor Edge is installed here; install one, or set CHROME_PATH to a Chromium`,
  )
}

async function launch({ executablePath, env }: Chrome): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath,
      args: FLAGS,
      // Playwright's own `--headless` variants and pipes differ by version; the flag above is the one that counts.
      env: { ...definedOnly(process.env), ...env },
      timeout: LAUNCH_TIMEOUT_MS,
    })
  } catch (error) {
    throw new Error(`no browser for the end-to-end tests: ${executablePath} does not start`, { cause: error })
  }
}

/**
 * The Chromium of @sparticuz/chromium, unpacked once per version beside the installed packages. Its own
 * `executablePath()` is not used: it unpacks to a fixed name in the temporary folder, where an unpacking that was
 * interrupted is taken for a browser ever after, and it brings the libraries a slim image lacks (NSS) on AWS only.
 */
async function bundledChromium(): Promise<Chrome> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const packageDir = join(dirname(entry), '..')
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const home = join(CACHE, `chromium-${version}`)
  if (!existsSync(home)) await unpack(packageDir, home)
  return {
    executablePath: join(home, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [join(home, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
      FONTCONFIG_PATH: join(home, 'fonts'),
    },
  }
}

const UNPACK = `
const { inflate } = await import('@sparticuz/chromium')
const names = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br']
await Promise.all(names.map((name) => inflate(process.env.CHROMIUM_BIN + '/' + name)))
`

/** The package unpacks into the temporary folder only, so a child gets its own; the rename makes it whole or absent. */
async function unpack(packageDir: string, home: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const stage = await mkdtemp(`${home}-`)
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', UNPACK], {
        cwd: import.meta.dirname,
        env: { ...process.env, TMPDIR: stage, CHROMIUM_BIN: join(packageDir, 'bin') },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      child.once('error', reject)
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`unpacking @sparticuz/chromium ended with exit code ${code}`)),
      )
    })
    // A run beside this one may have been first; its copy is as good.
    await rename(stage, home).catch((error) => {
      if (!existsSync(home)) throw error
    })
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
