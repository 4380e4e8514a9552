import { randomBytes } from 'node:crypto'
import { DEVELOPMENT_SECRET, Refusal } from '../local/settings.ts'
import { tryWrangler } from '../local/wrangler.ts'

/** As in src/config/index.ts, which refuses to serve with a shorter one. */
const MIN_LENGTH = 16

/** The secret to upload: OPENIM_SECRET if given, nothing if the deployed Worker has one, else a Refusal that helps. */
export async function chooseSecret(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env.OPENIM_SECRET
  if (given) {
    requireGoodSecret(given)
    return given
  }
  const listed = await tryWrangler(['secret', 'list', '--format', 'json'])
  if (listed?.includes('"OPENIM_SECRET"')) return undefined
  throw new Refusal(`This deployment has no OPENIM_SECRET yet. Every token is signed with it, and your app's backend asks for
tokens with it, so keep it where your backend's secrets are. This one was just made up for you:

  OPENIM_SECRET=${randomBytes(24).toString('hex')} npm run deploy

Later deployments keep it and need not name it again.`)
}

/** Settings that hold keys: they are uploaded as secrets, which nobody can read back. */
export const SECRET_SETTINGS: readonly string[] = [
  ...['OPENIM_SECRET', 'OPENIM_SMS', 'OPENIM_MAIL', 'OPENIM_METRICS_TOKEN', 'OPENIM_S3_SECRET_ACCESS_KEY'],
  ...['OPENIM_PUSH', 'OPENIM_PUSH_FCM_ACCOUNT', 'OPENIM_PUSH_APNS_KEY', 'OPENIM_PUSH_VAPID_KEY'],
  ...['OPENIM_PUSH_HTTP_SECRET', 'OPENIM_PUSH_JPUSH_SECRET', 'OPENIM_PUSH_GETUI_SECRET'],
  ...['OPENIM_WEBHOOKS', 'OPENIM_WEBHOOK_SECRET'],
]

/** What a deployment uploads as secrets: the one that was chosen, and those of the environment. Undefined for none. */
export function secretsOf(
  chosen: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> | undefined {
  const secrets: Record<string, string> = {}
  for (const name of SECRET_SETTINGS) {
    const value = name === 'OPENIM_SECRET' ? chosen : env[name]
    if (value) secrets[name] = value
  }
  return Object.keys(secrets).length > 0 ? secrets : undefined
}

/** Throws a Refusal for a secret that anybody could guess. */
export function requireGoodSecret(secret: string): void {
  if (secret === DEVELOPMENT_SECRET) {
    throw new Refusal(
      `OPENIM_SECRET is OpenIM's well-known default: everybody could sign in as anybody. Choose another one.`,
    )
  }
  if (secret.length < MIN_LENGTH) throw new Refusal(`OPENIM_SECRET must have at least ${MIN_LENGTH} characters.`)
}
