/** The part of Cloudflare's `send_email` binding that is used here. */
export interface MailBinding {
  send(letter: { from: string; to: string; subject: string; text: string }): Promise<unknown>
}
