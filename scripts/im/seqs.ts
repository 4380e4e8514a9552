import { Refusal } from '../local/settings.ts'
import { type Command, required, SERVICE_OPTIONS, text, UsageError, type Values, wholeNumber } from './command.ts'
import { columns } from './help.ts'
import { Service } from './service.ts'

const USER = { description: 'user whose view of the conversation is meant', value: 'USER' }

export const showSeqs: Command = {
  name: 'seqs show',
  summary: 'Shows for each conversation of a user the first readable seq, the newest seq and the read seq.',
  options: {
    user: USER,
    conversation: { description: 'only this conversation', value: 'CONVERSATION' },
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
  summary: `Sets the first and the last seq of a conversation that a user can read, and the seq up to which it is read. The first
readable seq and the read seq never decrease.`,
  options: {
    user: USER,
    conversation: { description: 'conversation to change', value: 'CONVERSATION' },
    min: { description: 'first seq that the user can read', value: 'SEQ' },
    max: { description: 'last seq that the user can read; 0 removes the bound', value: 'SEQ' },
    read: { description: 'last seq that the user has read', value: 'SEQ' },
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
    minSeq: wholeNumber(values, 'min'),
    maxSeq: wholeNumber(values, 'max', 0),
    hasReadSeq: wholeNumber(values, 'read'),
  }
  if (change.minSeq === undefined && change.maxSeq === undefined && change.hasReadSeq === undefined)
    throw new UsageError('Give at least one of --min, --max and --read.')
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
    throw new Refusal(`${userID} does not have ${conversationID ? 'this conversation' : 'any conversation'}.`)
  console.log(columns([['conversation', 'min', 'max', 'read', 'unread', 'newest message'], ...rows]))
}
