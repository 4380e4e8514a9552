import type { MessageQuery, SearchStep } from '../../../contracts/conversation.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { MessageLog } from '../state/message-log.ts'

/** The content fields that hold text for people, over all types of messages. */
const TEXT_FIELDS = [
  ...['content', 'text', 'title', 'abstractList', 'fileName', 'description', 'data', 'nickname'],
  ...['notificationName', 'detail'],
]

/** A step ends early when the messages are long. */
const MAX_STEP_BYTES = 4 * 1024 * 1024

/** A notification holds its fields as JSON text inside JSON text. There is no deeper nesting. */
const MAX_NESTING = 2

/**
 * Searches one step down a log, newest first. There is no index: writing a row costs as much as reading a thousand, so
 * an index would pay only after a thousand searches. Steps are short, because the object serves no other call during a
 * step.
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
  return textsOf(parseJson(new TextDecoder().decode(msg.content)), MAX_NESTING).some((text) =>
    text.toLowerCase().includes(keyword),
  )
}

/** The texts of a content that people read. A quoted message is left out, because the search finds the original. */
function textsOf(content: unknown, nesting: number): string[] {
  if (typeof content !== 'object' || content === null) return []
  return TEXT_FIELDS.flatMap((field) => {
    const value = (content as Record<string, unknown>)[field]
    if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
    if (typeof value !== 'string') return []
    const inner = field === 'detail' && nesting > 1 ? textsOf(parseJson(value), nesting - 1) : []
    return inner.length > 0 ? inner : [value]
  })
}

/** The content is chosen by the client. Content that is not JSON has no texts. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
