import type { MailConfig } from '../../../config/verification.ts'

export interface SentCode {
  code: string
  validMinutes: number
}

/** Digits only. */
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

/** A text in which {code} and {minutes} are filled in. */
export function fillTemplate(text: string, { code, validMinutes }: SentCode): string {
  return text.replaceAll('{code}', code).replaceAll('{minutes}', String(validMinutes))
}

export function composeMail({ from, subject, text }: MailConfig, to: string, sent: SentCode): Mail {
  return { from, to, subject: fillTemplate(subject, sent), text: fillTemplate(text, sent) }
}

/** As every vendor abroad takes it. */
export function e164(phone: Phone): string {
  return `+${phone.areaCode}${phone.phoneNumber}`
}
