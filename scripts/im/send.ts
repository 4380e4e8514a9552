import { type Command, count, required, SERVICE_OPTIONS, text, UsageError } from './command.ts'
import { Service } from './service.ts'

const TEXT = 101
const SINGLE = 1
const GROUP = 3

export const send: Command = {
  name: 'send',
  summary: 'Sends a message in the name of a user, to a user or a group.',
  options: {
    from: { words: 'who sends', value: 'USER' },
    to: { words: 'who receives', value: 'USER' },
    group: { words: 'which group receives, instead', value: 'GROUP' },
    text: { words: 'the text', value: 'TEXT' },
    content: { words: 'a content of another type, instead', value: 'JSON' },
    type: { words: 'the contentType of --content', value: 'NUMBER' },
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
  const contentType = count(values, 'type')
  if (contentType === undefined) throw new UsageError('--content needs its --type.')
  try {
    return { contentType, content: JSON.parse(given) }
  } catch {
    throw new UsageError('--content must be JSON.')
  }
}
