import { z } from 'zod'

const Traced = z.object({ operationID: z.string() })

/** The operationID of a queue message; "" when its body has none. */
export function operationIDOf(body: unknown): string {
  return Traced.safeParse(body).data?.operationID ?? ''
}
