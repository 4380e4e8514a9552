import { type Command, SERVICE_OPTIONS, text, wholeNumber } from './command.ts'
import { Service } from './service.ts'

/** OpenIM: the platform ID of the web. */
const WEB = 5

export const token: Command = {
  name: 'token',
  summary: 'Prints a token of the administrator, or of a user.',
  options: {
    user: { description: 'user of the token (default: the administrator)', value: 'USER' },
    platform: {
      description: 'platform of a user’s token: 1 iOS, 2 Android, 5 web, … (default: 5)',
      value: 'NUMBER',
    },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const service = new Service(values)
    const userID = text(values, 'user')
    if (userID === undefined) {
      console.log(await service.token())
      return
    }
    const platformID = wholeNumber(values, 'platform') ?? WEB
    const made = await service.call<{ token: string }>('/auth/get_user_token', { userID, platformID })
    console.log(made.token)
  },
}
