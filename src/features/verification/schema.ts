import { z } from 'zod'
import { bool, int32, message, str } from '../../runtime/openim-json.ts'

const MAX_EMAIL = 254
const MAX_TEXT = 255

/** The purposes of a code, by OpenIM's numbers. */
export const UsedFor = { Register: 1, ResetPassword: 2, Login: 3 } as const
const USED_FOR = { error: 'usedFor must be 1 (register), 2 (reset a password) or 3 (log in)' }

const address = {
  /** "86" and "+86" are equal. */
  areaCode: str().pipe(z.string().regex(/^(\+?\d{1,4})?$/, { error: 'an area code has 1 to 4 digits' })),
  phoneNumber: str().pipe(z.string().regex(/^(\d{4,14})?$/, { error: 'a phone number has 4 to 14 digits' })),
  email: str()
    .pipe(z.string().max(MAX_EMAIL))
    .refine((given) => given === '' || z.email().safeParse(given).success, { error: 'it is not an email address' }),
}

interface Addressed {
  areaCode: string
  phoneNumber: string
  email: string
}

function checkAddress({ areaCode, phoneNumber, email }: Addressed, check: z.core.$RefinementCtx): void {
  if (email !== '') return
  const missing = (name: string) =>
    check.addIssue({ code: 'custom', path: [name], message: 'it is needed when there is no email' })
  if (areaCode === '') missing('areaCode')
  else if (phoneNumber === '') missing('phoneNumber')
}

export const SendCodeReq = message({
  usedFor: z.union([z.literal(UsedFor.Register), z.literal(UsedFor.ResetPassword), z.literal(UsedFor.Login)], USED_FOR),
  ...address,
  /** The next three fields are for app backends; this service ignores them. */
  invitationCode: str().pipe(z.string().max(MAX_TEXT)),
  deviceID: str().pipe(z.string().max(MAX_TEXT)),
  platform: int32(),
}).superRefine(checkAddress)

export const VerifyCodeReq = message({
  ...address,
  verifyCode: z.string().min(1).max(MAX_TEXT),
  /** Ours: true = the code becomes invalid when it is right, so that it cannot be used twice. */
  consume: bool(),
}).superRefine(checkAddress)
