import { post } from '../../runtime/endpoint.ts'
import { deleteDeadLetters, getDeadLetters, replay } from './dead-letters.ts'
import { getDeliveries } from './get-deliveries.ts'
import { DeleteDeadLettersReq, GetDeadLettersReq, GetDeliveriesReq, ReplayReq } from './schema.ts'

/*
 * These calls, which OpenIM does not have, show an operator the deliveries of after-webhooks and the dead letters.
 *
 * The rest of the webhooks is elsewhere:
 * - `src/webhook/` sends them: before-webhooks (`before.ts`) and after-webhooks (`after.ts`, `deliver.ts`), and it
 *   stores the delivery log and the dead letters (`store/`);
 * - the `webhooks.ts` files in `src/features/` map the events of a feature to webhook bodies;
 * - `src/objects/conversation/delivery/before-push-gate.ts` holds messages until the before-push webhook has answered;
 * - `src/jobs/` delivers after-webhooks from the `webhook` queue, with retries, and calls the webhook before an offline
 *   push;
 * - `src/config/webhook.ts` reads the settings. For app developers: `docs/webhooks.md`.
 */

export const webhookEndpoints = [
  post('/webhook/get_deliveries', 'admin', GetDeliveriesReq, getDeliveries),
  post('/webhook/get_dead_letters', 'admin', GetDeadLettersReq, getDeadLetters),
  post('/webhook/replay', 'admin', ReplayReq, replay),
  post('/webhook/delete_dead_letters', 'admin', DeleteDeadLettersReq, deleteDeadLetters),
]
