import type { MailConfig, SmsConfig } from '../../config/verification.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import type { Address } from './address.ts'
import { sendByAliyun } from './providers/aliyun.ts'
import { sendByCloudflare } from './providers/cloudflare.ts'
import { sendByHttp } from './providers/http.ts'
import { sendByMailgun } from './providers/mailgun.ts'
import type { Mail, Phone, SentCode } from './providers/message-template.ts'
import { composeMail } from './providers/message-template.ts'
import { sendByResend } from './providers/resend.ts'
import { sendByTencent } from './providers/tencent.ts'
import { sendByTwilio } from './providers/twilio.ts'

type Send = (code: string, validMinutes: number) => Promise<void>

/**
 * Selects the provider that sends codes to an address.
 * @throws ImError 500 when the deployment has no provider for this kind of address
 */
export function senderFor(ctx: Context, address: Address): Send {
  if (address.kind === 'phone') {
    const { sms } = ctx.config
    if (!sms) throw ImError.internal('codes by SMS are not configured: OPENIM_SMS is missing')
    return (code, validMinutes) =>
      withLoggedError(ctx, 'SmsSendCodeErr', sms.provider, sendSms(ctx, sms, address, { code, validMinutes }))
  }
  const { mail } = ctx.config
  if (!mail) throw ImError.internal('codes by mail are not configured: OPENIM_MAIL is missing')
  return (code, validMinutes) =>
    withLoggedError(
      ctx,
      'MailSendCodeErr',
      mail.provider,
      sendMail(ctx, mail, composeMail(mail, address.email, { code, validMinutes })),
    )
}

function sendSms(ctx: Context, sms: SmsConfig, phone: Phone, sent: SentCode): Promise<void> {
  switch (sms.provider) {
    case 'aliyun':
      return sendByAliyun(sms, phone, sent, ctx.now())
    case 'tencent':
      return sendByTencent(sms, phone, sent, ctx.now())
    case 'twilio':
      return sendByTwilio(sms, phone, sent)
  }
}

function sendMail(ctx: Context, mail: MailConfig, email: Mail): Promise<void> {
  switch (mail.provider) {
    case 'resend':
      return sendByResend(mail, email)
    case 'mailgun':
      return sendByMailgun(mail, email)
    case 'http':
      return sendByHttp(mail, email)
    case 'cloudflare':
      return sendByCloudflare(ctx.mailBinding, email)
  }
}

/** Logs a provider's error, which contains neither the code nor the address, and answers the client without details. */
async function withLoggedError(
  ctx: Context,
  kind: 'SmsSendCodeErr' | 'MailSendCodeErr',
  provider: string,
  sending: Promise<void>,
): Promise<void> {
  try {
    await sending
  } catch (error) {
    ctx.log.error('sending a verification code failed', error, { provider })
    throw ImError.of(kind, 'the code could not be sent; try again later')
  }
}
