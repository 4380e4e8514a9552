import type { z } from 'zod'
import type { BeforeName } from '../protocol/constants/webhook.ts'
import { ImError } from '../protocol/errors.ts'

/**
 * Validates values that the app server put in place of a client's values, with the schema for the client's values.
 * @throws ImError 90007 when a value does not match the schema
 */
export function validateReply<S extends z.ZodType>(name: BeforeName, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw ImError.badData(`the app's webhook ${name} answered a wrong value: ${issue?.path.join('.')}: ${issue?.message}`)
}
