/** The part of Cloudflare's `send_email` binding that this service uses. */
export interface MailBinding {
  send(letter: { from: string; to: string; subject: string; text: string }): Promise<unknown>
}
