import { type Command, count, SERVICE_OPTIONS, text } from './command.ts'
import { Service } from './service.ts'

/** OpenIM's number of the web. */
const WEB = 5

export const token: Command = {
  name: 'token',
  summary: 'Prints a token of the administrator, or of a user.',
  options: {
    user: { words: 'whose token; the administrator’s without it', value: 'USER' },
    platform: { words: 'the platform of a user’s token: 1 iOS, 2 Android, 5 web, …; 5 without it', value: 'NUMBER' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const service = new Service(values)
    const userID = text(values, 'user')
    if (userID === undefined) {
      console.log(await service.token())
      return
    }
    const platformID = count(values, 'platform') ?? WEB
    const made = await service.call<{ token: string }>('/auth/get_user_token', { userID, platformID })
    console.log(made.token)
  },
}
