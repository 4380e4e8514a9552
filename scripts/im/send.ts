import { type Command, required, SERVICE_OPTIONS, text, UsageError, wholeNumber } from './command.ts'
import { Service } from './service.ts'

const TEXT = 101
const SINGLE = 1
const GROUP = 3

export const send: Command = {
  name: 'send',
  summary: 'Sends a message from a user to a user or a group.',
  options: {
    from: { description: 'sender', value: 'USER' },
    to: { description: 'receiver', value: 'USER' },
    group: { description: 'receiving group, instead of --to', value: 'GROUP' },
    text: { description: 'text of the message', value: 'TEXT' },
    content: { description: 'content of another type, instead of --text', value: 'JSON' },
    type: { description: 'contentType of --content', value: 'NUMBER' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const service = new Service(values)
    const recvID = text(values, 'to') ?? ''
    const groupID = text(values, 'group') ?? ''
    if ((recvID === '') === (groupID === '')) throw new UsageError('Give either --to or --group.')
    const sent = await service.call<{ serverMsgID: string; clientMsgID: string; sendTime: number }>('/msg/send_msg', {
      ...{ sendID: required(values, 'from'), recvID, groupID },
      sessionType: groupID === '' ? SINGLE : GROUP,
      ...contentOf(values),
    })
    console.log(`sent ${sent.serverMsgID} at ${new Date(sent.sendTime).toISOString()}`)
  },
}

function contentOf(values: Parameters<Command['run']>[0]): { contentType: number; content: object } {
  const given = text(values, 'content')
  if (given === undefined) return { contentType: TEXT, content: { content: required(values, 'text') } }
  const contentType = wholeNumber(values, 'type')
  if (contentType === undefined) throw new UsageError('--content also needs --type.')
  try {
    return { contentType, content: JSON.parse(given) }
  } catch {
    throw new UsageError('--content must be JSON.')
  }
}
