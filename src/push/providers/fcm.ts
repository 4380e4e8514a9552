import { importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import { type FcmConfig, ServiceAccount } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import type { PushNotification } from '../compose-push.ts'
import type { Credential } from '../credentials.ts'
import {
  type Answer,
  callVendor,
  forEachTarget,
  INVALID_TOKEN,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  postJson,
  readJson,
  rejected,
  SENT,
  VendorError,
} from './provider.ts'

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ASSERTION_SECONDS = 3_600
const ACCOUNT_KEPT_MS = 3_600_000
const UNAUTHORIZED = 401

const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() })

const ErrorAnswer = z.object({
  error: z.object({
    status: z.string().default(''),
    details: z
      .array(
        z.object({
          errorCode: z.string().default(''),
          fieldViolations: z.array(z.object({ field: z.string().default('') })).default([]),
        }),
      )
      .default([]),
  }),
})

/** Firebase Cloud Messaging, HTTP v1: one call per token. */
export class Fcm implements Provider {
  readonly #config: FcmConfig
  readonly #deps: ProviderDeps

  constructor(config: FcmConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    const account = await this.#account()
    // Gets the credential before the first call, so that a missing credential causes one failure and not one failure
    // per target.
    await this.#credential(account)
    return forEachTarget(targets, (target) => this.#send(account, messageOf(push, target)))
  }

  async checkKeys(): Promise<void> {
    const { serviceAccount } = this.#config
    if (serviceAccount) await importPKCS8(serviceAccount.private_key, 'RS256')
  }

  async #send(account: ServiceAccount, message: object): Promise<PushOutcome> {
    const url = `${this.#config.url}/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`
    let credential = await this.#credential(account)
    const post = () => postJson(url, { message }, { authorization: `Bearer ${credential.value}` })
    let answer = await post()
    if (answer.status === UNAUTHORIZED) {
      await this.#deps.credentials.reject(nameOf(account), credential)
      credential = await this.#credential(account)
      answer = await post()
    }
    if (isOk(answer)) return SENT
    return isInvalidToken(answer) ? INVALID_TOKEN : outcomeOfFailure(answer)
  }

  #credential(account: ServiceAccount): Promise<Credential> {
    return this.#deps.credentials.get(nameOf(account), () => this.#issue(account))
  }

  async #issue(account: ServiceAccount): Promise<Credential> {
    const issuedAt = this.#deps.now()
    const seconds = Math.floor(issuedAt / 1_000)
    const assertion = await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.private_key_id && { kid: account.private_key_id }) })
      .setIssuer(account.client_email)
      .setAudience(account.token_uri)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + ASSERTION_SECONDS)
      .sign(await importPKCS8(account.private_key, 'RS256'))
    const answer = await callVendor(account.token_uri, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
    })
    const token = TokenAnswer.safeParse(readJson(answer.text))
    if (!isOk(answer) || !token.success) throw new VendorError(outcomeOfFailure(answer))
    return { value: token.data.access_token, issuedAt, expiresAt: issuedAt + token.data.expires_in * 1_000 }
  }

  async #account(): Promise<ServiceAccount> {
    const { serviceAccount, authURL } = this.#config
    if (serviceAccount) return serviceAccount
    const known = fetched.get(this.#config)
    if (known && known.until > this.#deps.now()) return known.account
    const answer = await callVendor(authURL ?? '', { method: 'GET' })
    if (!isOk(answer)) throw new VendorError(outcomeOfFailure(answer))
    const account = ServiceAccount.safeParse(readJson(answer.text))
    if (!account.success) throw new VendorError(rejected('fcm.authURL does not answer a service account'))
    fetched.set(this.#config, { account: account.data, until: this.#deps.now() + ACCOUNT_KEPT_MS })
    return account.data
  }
}

/** The accounts that were fetched from `authURL`. */
const fetched = new WeakMap<FcmConfig, { account: ServiceAccount; until: number }>()

function nameOf({ project_id, client_email, private_key_id }: ServiceAccount): string {
  return `fcm ${project_id} ${client_email} ${private_key_id}`
}

function messageOf(push: PushNotification, { token, badge }: PushTarget): object {
  const { title, body, ex, clientMsgID, conversationID, collapseKey, sound } = push
  return {
    token,
    notification: { title, body },
    data: { ex, clientMsgID, conversationID },
    android: { priority: 'HIGH', notification: { tag: collapseKey, default_sound: true } },
    apns: {
      headers: { 'apns-collapse-id': collapseKey },
      payload: { aps: { badge, sound } },
    },
  }
}

/** Whether the token is no longer valid, or belongs to another project. Other errors of a message keep the token. */
function isInvalidToken({ status, text }: Answer): boolean {
  const parsed = ErrorAnswer.safeParse(readJson(text))
  if (!parsed.success) return false
  const { details } = parsed.data.error
  if (details.some(({ errorCode }) => errorCode === 'UNREGISTERED' || errorCode === 'SENDER_ID_MISMATCH')) return true
  const isTokenFault = details.some(({ fieldViolations }) =>
    fieldViolations.some(({ field }) => field === 'message.token'),
  )
  return status === 400 && (isTokenFault || text.includes('not a valid FCM registration token'))
}
