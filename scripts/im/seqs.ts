import { Refusal } from '../local/settings.ts'
import { type Command, count, required, SERVICE_OPTIONS, text, UsageError, type Values } from './command.ts'
import { columns } from './help.ts'
import { Service } from './service.ts'

const USER = { words: 'whose view of the conversation', value: 'USER' }

export const showSeqs: Command = {
  name: 'seqs show',
  summary:
    'Shows where a user stands in each conversation: from which seq on it can be read, its newest, how far it is read.',
  options: {
    user: USER,
    conversation: { words: 'this one only', value: 'CONVERSATION' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const userID = required(values, 'user')
    const conversationID = text(values, 'conversation')
    await show(new Service(values), userID, conversationID)
  },
}

export const setSeqs: Command = {
  name: 'seqs set',
  summary: `Sets from which seq on a user reads a conversation, up to which, and how far it counts as read. The first and the last
of these never go back.`,
  options: {
    user: USER,
    conversation: { words: 'which conversation', value: 'CONVERSATION' },
    min: { words: 'the first seq that the user can read', value: 'SEQ' },
    max: { words: 'the last seq that the user can read; 0 takes the bound away', value: 'SEQ' },
    read: { words: 'the last seq that the user has read', value: 'SEQ' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const { userID, conversationID, minSeq, maxSeq, hasReadSeq } = changeOf(values)
    const service = new Service(values)
    if (minSeq !== undefined) {
      await service.call('/msg/set_user_conversation_min_seq', { userID, conversationID, minSeq })
    }
    if (maxSeq !== undefined) {
      await service.call('/msg/set_user_conversation_max_seq', { userID, conversationID, maxSeq })
    }
    if (hasReadSeq !== undefined) {
      await service.call('/msg/set_conversation_has_read_seq', { userID, conversationID, hasReadSeq })
    }
    await show(service, userID, conversationID)
  },
}

function changeOf(values: Values) {
  const change = {
    userID: required(values, 'user'),
    conversationID: required(values, 'conversation'),
    minSeq: count(values, 'min'),
    maxSeq: count(values, 'max', 0),
    hasReadSeq: count(values, 'read'),
  }
  if (change.minSeq === undefined && change.maxSeq === undefined && change.hasReadSeq === undefined)
    throw new UsageError('Give --min, --max, --read or several of them.')
  return change
}

interface Seqs {
  seqs: Record<string, { maxSeq: number; hasReadSeq: number; maxSeqTime: number }> | null
}

async function show(service: Service, userID: string, conversationID: string | undefined): Promise<void> {
  const conversationIDs = conversationID === undefined ? [] : [conversationID]
  const { seqs } = await service.call<Seqs>('/msg/get_conversations_has_read_and_max_seq', { userID, conversationIDs })
  const { conversations } = await service.call<{ conversations: { conversationID: string; minSeq: number }[] | null }>(
    conversationID === undefined ? '/conversation/get_all_conversations' : '/conversation/get_conversations',
    { ownerUserID: userID, conversationIDs },
  )
  const minSeqs = new Map(conversations?.map(({ conversationID: id, minSeq }) => [id, minSeq]))
  const rows = Object.entries(seqs ?? {}).map(([id, { maxSeq, hasReadSeq, maxSeqTime }]) => [
    ...[id, String(minSeqs.get(id) ?? 0), String(maxSeq), String(hasReadSeq), String(Math.max(0, maxSeq - hasReadSeq))],
    maxSeqTime === 0 ? '' : new Date(maxSeqTime).toISOString(),
  ])
  if (rows.length === 0)
    throw new Refusal(`${userID} has no ${conversationID ? 'such conversation' : 'conversations'}.`)
  console.log(columns([['conversation', 'min', 'max', 'read', 'unread', 'newest message'], ...rows]))
}
