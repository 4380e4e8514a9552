import type { MailConfig } from '../../../config/verification.ts'

export interface SentCode {
  code: string
  validMinutes: number
}

/** A phone number; both parts are digits only. */
export interface Phone {
  areaCode: string
  phoneNumber: string
}

export interface Mail {
  from: string
  to: string
  subject: string
  text: string
}

/** Replaces {code} and {minutes} in a text. */
export function fillTemplate(text: string, { code, validMinutes }: SentCode): string {
  return text.replaceAll('{code}', code).replaceAll('{minutes}', String(validMinutes))
}

export function composeMail({ from, subject, text }: MailConfig, to: string, sent: SentCode): Mail {
  return { from, to, subject: fillTemplate(subject, sent), text: fillTemplate(text, sent) }
}

/** The phone number in E.164 form, such as `+8613800000000`. */
export function e164(phone: Phone): string {
  return `+${phone.areaCode}${phone.phoneNumber}`
}
