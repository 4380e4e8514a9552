import { z } from 'zod'
import { isWebhookName } from '../../protocol/constants/webhook.ts'
import { bool, list, message, pagination, str } from '../../runtime/openim-json.ts'

const MAX_IDS = 1_000

const page = () => pagination()

/** A webhook's key in the configuration; "" = all. */
const webhook = () =>
  str().refine((given) => given === '' || isWebhookName(given), { error: 'it is not the name of a webhook' })

const ids = () => z.array(z.int().min(1)).min(1).max(MAX_IDS)

export const GetDeliveriesReq = message({
  eventID: str(),
  webhook: webhook(),
  failedOnly: bool(),
  pagination: page(),
})

export const GetDeadLettersReq = message({ webhook: webhook(), pagination: page() })

export const ReplayReq = message({
  ids: list(z.int().min(1)).pipe(z.array(z.int()).max(MAX_IDS)),
  /** Replays the oldest dead letters, instead of the given IDs. */
  all: bool(),
}).refine(({ ids, all }) => all === (ids.length === 0), {
  path: ['ids'],
  error: 'exactly one of ids and all is needed',
})

export const DeleteDeadLettersReq = message({ ids: ids() })
