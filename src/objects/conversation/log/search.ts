import type { MessageQuery, SearchStep } from '../../../contracts/conversation.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { MessageLog } from './message-log.ts'

/** The fields of a message's content that hold words of people, whatever the kind of message. */
const WORDS = [
  ...['content', 'text', 'title', 'abstractList', 'fileName', 'description', 'data', 'nickname'],
  ...['notificationName', 'detail'],
]

/** A log of long messages is looked through in shorter steps. */
const MAX_STEP_BYTES = 4 * 1024 * 1024

/** A notification holds its fields as a text inside a text; nothing is nested deeper. */
const MAX_NESTING = 2

/**
 * One step down a log, newest first. There is no index: a written row costs a thousand read ones, so a message would
 * have to be searched for a thousand times before its index pays. The steps are short, because nobody else is served
 * by this object during one.
 */
export function searchLog(log: MessageLog, query: MessageQuery, below: number, limit: number): SearchStep {
  const keyword = query.text.toLowerCase()
  const step: SearchStep = { seqs: [], sendTimes: [], scanned: 0, below: 0 }
  let bytes = 0
  for (const row of log.down(below)) {
    if (step.scanned === limit || bytes > MAX_STEP_BYTES) return { ...step, below: row.seq + 1 }
    step.scanned++
    bytes += row.msg.length
    if (query.sendID !== '' && row.sendID !== query.sendID) continue
    const msg = MsgData.decode(row.msg)
    if (!matches(msg, query) || (keyword !== '' && !holds(msg, keyword))) continue
    step.seqs.push(row.seq)
    step.sendTimes.push(msg.sendTime)
  }
  return step
}

function matches(msg: MsgData, { recvID, contentType, from, to }: MessageQuery): boolean {
  if (msg.status >= MessageStatus.Deleted) return false
  if (recvID !== '' && msg.groupID !== recvID && (msg.groupID !== '' || msg.recvID !== recvID)) return false
  if (contentType !== 0 && msg.contentType !== contentType) return false
  return (from === 0 || msg.sendTime >= from) && (to === 0 || msg.sendTime < to)
}

function holds(msg: MsgData, keyword: string): boolean {
  return wordsOf(parseJson(new TextDecoder().decode(msg.content)), MAX_NESTING).some((words) =>
    words.toLowerCase().includes(keyword),
  )
}

/** What people read of a content. A quoted message was said elsewhere and is found there. */
function wordsOf(content: unknown, nesting: number): string[] {
  if (typeof content !== 'object' || content === null) return []
  return WORDS.flatMap((field) => {
    const value = (content as Record<string, unknown>)[field]
    if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
    if (typeof value !== 'string') return []
    const inner = field === 'detail' && nesting > 1 ? wordsOf(parseJson(value), nesting - 1) : []
    return inner.length > 0 ? inner : [value]
  })
}

/** Content is the clients' own; what is no JSON has no words. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
