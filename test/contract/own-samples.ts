import { createExecutionContext } from 'cloudflare:test'
import type { Bindings } from '../../src/env.ts'
import { createApp } from '../../src/http/app.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { keepDeadLetters } from '../../src/webhook/store/dead-letters.ts'
import { recordWebhookDeliveries } from '../../src/webhook/store/deliveries.ts'
import { adminToken, bindings, type ReplyBody } from '../rigs/rig.ts'
import { type AppServer, HOOKS } from '../rigs/webhook-rig.ts'
import { GROUP_ID, ok, textMsg } from './world.ts'

/** The requests of the calls that today's OpenIM server does not have; they run in this order. */
export const OWN_SAMPLES: Readonly<Record<string, (app: AppServer) => object | Promise<object>>> = {
  '/account/code/send': () => ({ usedFor: 1, email: 'alice@example.com' }),
  '/account/code/verify': (app) => ({ email: 'alice@example.com', verifyCode: codeSentTo(app) }),
  '/config/set_configs': () => ({
    configs: [{ configName: 'openim-rpc-auth.yml', data: JSON.stringify({ TokenPolicy: { Expire: 90 } }) }],
  }),
  '/third/update_push_token': () => ({ userID: 'alice', platformID: 2, provider: 'http', token: 'device-token' }),
  '/third/delete_push_token': () => ({ userID: 'alice', provider: 'http', token: 'device-token' }),
  '/third/get_push_config': () => ({}),

  '/webhook/get_deliveries': async () => {
    await recordEvents()
    return { eventID: '', webhook: 'afterSendSingleMsg', failedOnly: true, pagination }
  },
  '/webhook/get_dead_letters': () => ({ webhook: 'afterSendSingleMsg', pagination }),
  '/webhook/replay': () => ({ ids: [1] }),
  '/webhook/delete_dead_letters': () => ({ ids: [2] }),

  '/manager/send_msg': () => ({
    ...textMsg({ sendID: 'alice', recvID: 'bob' }),
    ...{ senderNickname: 'Alice', senderPlatformID: 10, content: { text: 'hello' } },
  }),
  '/msg/get_group_message_readers': async () => {
    const conversationID = `sg_${GROUP_ID}`
    const { maxSeqs } = await ok('/msg/newest_seq', { userID: 'alice' })
    return { conversationID, userID: 'alice', seq: maxSeqs[conversationID], filter: 1, pagination }
  },
  '/msg/set_user_conversation_min_seq': () => ({ conversationID: 'si_alice_bob', userID: 'alice', minSeq: 2 }),
  '/msg/set_user_conversation_max_seq': () => ({ conversationID: 'si_alice_bob', userID: 'alice', maxSeq: 0 }),
}

const pagination = { pageNumber: 1, showNumber: 20 }

const MAIL = { provider: 'http', endpoint: 'https://mail.example.com/send', from: 'app@example.com' }
const PUSH = { enable: 'http', http: { url: 'https://push.example.com', secret: 'a secret of 16 characters' } }

/** Makes a call to a deployment with a mail service, a push provider and a webhook. */
export async function callOwn(app: AppServer, path: string, body: object): Promise<ReplyBody> {
  const settings = { OPENIM_MAIL: JSON.stringify(MAIL), OPENIM_PUSH: JSON.stringify(PUSH) } as Partial<Bindings>
  const headers = { operationID: 'test-operation', token: await adminToken() }
  const request = new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  // Work after the reply is not awaited: flushing the counters takes 10 seconds.
  const env = app.env({ afterSendSingleMsg: {} }, settings)
  return (await createApp(endpoints).fetch(request, env, createExecutionContext())).json()
}

function codeSentTo(app: AppServer): string {
  const mail = app.asked.findLast(({ url }) => url.href === MAIL.endpoint)
  return /\d{6}/.exec(mail?.body.text ?? '')?.[0] ?? ''
}

/** Two events that the app server did not accept. */
async function recordEvents(): Promise<void> {
  const db = openDatabase(bindings.DB)
  const events = ['one', 'two'].map((eventID) => ({
    ...{ eventID, name: 'afterSendSingleMsg', operationID: 'test-operation' },
    url: `${HOOKS}/callbackAfterSendSingleMsgCommand`,
  }))
  const failure = { attempt: 1, delivered: false, status: 503, error: 'HTTP status 503', durationMs: 20 }
  const tries = events.map((event) => ({ ...event, ...failure, time: Date.now() }))
  await recordWebhookDeliveries(db, tries, 100)
  const letters = events.map((event) => ({ ...event, key: '', body: '{"sendID":"alice"}', createTime: Date.now() }))
  await keepDeadLetters(db, letters, Date.now())
}
