import { z } from 'zod'

const Traced = z.object({ operationID: z.string() })

/** The operationID of a job that is perhaps none; then "". */
export function operationIDOf(body: unknown): string {
  return Traced.safeParse(body).data?.operationID ?? ''
}
