import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Headless, without a GPU, without calls to Google's services, and with little memory, for small CI machines. */
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
  // A device lives for seconds: optimising the Go core's 35 MB in the background would only use up the other core.
  '--js-flags=--liftoff-only',
]

/** Inside node_modules, so that a new installation unpacks again. */
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/openim-edge')

const LAUNCH_TIMEOUT_MS = 120_000

/** An executable and the environment variables it needs to start. */
interface Chrome {
  executablePath: string
  env: Record<string, string>
}

/**
 * Starts a browser: `CHROME_PATH` if set; else the Chromium from `npm ci`, if its package supports this platform; else
 * an installed Chrome or Edge. Without a browser, the run fails with the reason; it never skips tests.
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
      // Playwright's own headless options differ by version, so the flag above decides.
      env: { ...definedOnly(process.env), ...env },
      timeout: LAUNCH_TIMEOUT_MS,
    })
  } catch (error) {
    throw new Error(`no browser for the end-to-end tests: ${executablePath} does not start`, { cause: error })
  }
}

/**
 * The Chromium of @sparticuz/chromium, unpacked once per version beside the installed packages. The package's
 * `executablePath()` is not used: it unpacks to a fixed name in the temporary folder and takes an interrupted unpacking
 * for a complete one. Also, it unpacks the libraries that a slim image lacks (NSS) on AWS only.
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

/** The package unpacks into the temporary folder only, so a child process gets its own. The rename is atomic. */
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
    // Another run may have been faster; its copy is the same.
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
