import { post } from '../../runtime/endpoint.ts'
import { deleteDeadLetters, getDeadLetters, replay } from './dead-letters.ts'
import { getDeliveries } from './get-deliveries.ts'
import { DeleteDeadLettersReq, GetDeadLettersReq, GetDeliveriesReq, ReplayReq } from './schema.ts'

/** Ours, not OpenIM's: what became of what the app was told. */
export const webhookEndpoints = [
  post('/webhook/get_deliveries', 'admin', GetDeliveriesReq, getDeliveries),
  post('/webhook/get_dead_letters', 'admin', GetDeadLettersReq, getDeadLetters),
  post('/webhook/replay', 'admin', ReplayReq, replay),
  post('/webhook/delete_dead_letters', 'admin', DeleteDeadLettersReq, deleteDeadLetters),
]
