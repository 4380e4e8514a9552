import { randomBytes } from 'node:crypto'
import { DEVELOPMENT_SECRET, Refusal } from '../local/settings.ts'
import { tryWrangler } from '../local/wrangler.ts'

/** The same as in src/config/index.ts, which refuses to serve with a shorter secret. */
const MIN_LENGTH = 16

/**
 * The secret to upload: OPENIM_SECRET, or undefined if the deployed Worker already has a secret.
 * @throws Refusal that suggests a new random secret, if neither is the case
 */
export async function chooseSecret(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env.OPENIM_SECRET
  if (given) {
    requireGoodSecret(given)
    return given
  }
  const listed = await tryWrangler(['secret', 'list', '--format', 'json'])
  if (listed?.includes('"OPENIM_SECRET"')) return undefined
  throw new Refusal(`This deployment has no OPENIM_SECRET yet. The service signs every token with it, and your app server requests
tokens with it, so store it with your app server's other secrets. Here is a new random one:

  OPENIM_SECRET=${randomBytes(24).toString('hex')} npm run deploy

Later deployments keep the secret, so you need to give it only once.`)
}

/** Settings that contain keys. They are uploaded as secrets, which Cloudflare never shows again. */
export const SECRET_SETTINGS: readonly string[] = [
  ...[
    'OPENIM_SECRET',
    'OPENIM_SECRET_PREVIOUS',
    'OPENIM_SMS',
    'OPENIM_MAIL',
    'OPENIM_METRICS_TOKEN',
    'OPENIM_S3_SECRET_ACCESS_KEY',
  ],
  ...['OPENIM_PUSH', 'OPENIM_PUSH_FCM_ACCOUNT', 'OPENIM_PUSH_APNS_KEY', 'OPENIM_PUSH_VAPID_KEY'],
  ...['OPENIM_PUSH_HTTP_SECRET', 'OPENIM_PUSH_JPUSH_SECRET', 'OPENIM_PUSH_GETUI_SECRET'],
  ...['OPENIM_WEBHOOKS', 'OPENIM_WEBHOOK_SECRET'],
]

/**
 * The secrets to upload: the chosen OPENIM_SECRET and the secret settings of the environment; undefined for an empty set.
 * @throws Refusal for a previous secret that is easy to guess: it verifies tokens too
 */
export function secretsOf(
  chosen: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> | undefined {
  const secrets: Record<string, string> = {}
  for (const name of SECRET_SETTINGS) {
    const value = name === 'OPENIM_SECRET' ? chosen : env[name]
    if (!value) continue
    if (name === 'OPENIM_SECRET_PREVIOUS') requireGoodSecret(value, name)
    secrets[name] = value
  }
  return Object.keys(secrets).length > 0 ? secrets : undefined
}

/** @throws Refusal for a secret that is easy to guess */
export function requireGoodSecret(secret: string, name = 'OPENIM_SECRET'): void {
  if (secret === DEVELOPMENT_SECRET) {
    throw new Refusal(
      `${name} is OpenIM's published default: anyone could sign tokens for any user. Choose another secret.`,
    )
  }
  if (secret.length < MIN_LENGTH) throw new Refusal(`${name} must have at least ${MIN_LENGTH} characters.`)
}
