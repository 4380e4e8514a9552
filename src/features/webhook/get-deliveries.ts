import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { type WebhookDeliveryRow, webhookDeliveryPage } from '../../webhook/store/deliveries.ts'
import type { GetDeliveriesReq } from './schema.ts'

/** A delivery attempt on the wire; `time` and `durationMs` in ms. */
type Delivery = Omit<WebhookDeliveryRow, 'id' | 'name'> & { webhook: string }

/** Lists the delivery attempts of after-webhooks, newest first. */
export async function getDeliveries(
  ctx: CallerContext,
  { eventID, webhook, failedOnly, pagination }: z.output<typeof GetDeliveriesReq>,
): Promise<{ total: number; deliveries: Delivery[] }> {
  const filter = { eventID, name: webhook, failedOnly }
  const { total, rows } = await webhookDeliveryPage(ctx.db, filter, pageWindow(pagination))
  return { total, deliveries: rows.map(({ id: _, name, ...row }) => ({ webhook: name, ...row })) }
}
