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

export interface MailLetter {
  from: string
  to: string
  subject: string
  text: string
}

/** A text in which {code} and {minutes} are filled in. */
export function filledIn(text: string, { code, validMinutes }: SentCode): string {
  return text.replaceAll('{code}', code).replaceAll('{minutes}', String(validMinutes))
}

export function letterOf({ from, subject, text }: MailConfig, to: string, sent: SentCode): MailLetter {
  return { from, to, subject: filledIn(subject, sent), text: filledIn(text, sent) }
}

/** As every vendor abroad takes it. */
export function e164(phone: Phone): string {
  return `+${phone.areaCode}${phone.phoneNumber}`
}
