import type { z } from 'zod'
import type { BeforeName } from '../protocol/constants/webhook.ts'
import { ImError } from '../protocol/errors.ts'

/**
 * What the app has put in place of a client's words must fit as theirs had to.
 * @throws ImError 90007 when it does not
 */
export function validateReply<S extends z.ZodType>(name: BeforeName, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw ImError.badData(`the app's webhook ${name} answered ${issue?.path.join('.')}: ${issue?.message}`)
}
