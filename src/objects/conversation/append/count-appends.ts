import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { type CounterName, count } from '../../../runtime/counters.ts'

const COUNTERS: Readonly<Record<number, { accepted: CounterName; refused: CounterName }>> = {
  [SessionType.Single]: {
    accepted: 'single_chat_msg_process_success_total',
    refused: 'single_chat_msg_process_failed_total',
  },
  [SessionType.Group]: {
    accepted: 'group_chat_msg_process_success_total',
    refused: 'group_chat_msg_process_failed_total',
  },
}

/** Counts the accepted and the refused messages of the chat log, without retries, and returns the results. */
export function countAppends(items: readonly AppendItem[], results: AppendResult[]): AppendResult[] {
  for (let i = 0; i < results.length; i++) {
    const [item, result] = [items[i], results[i] as AppendResult]
    const counters = item?.log === 'chat' ? COUNTERS[item.sessionType] : undefined
    if (!counters || (result.ok && result.duplicate)) continue
    count(result.ok ? counters.accepted : counters.refused)
  }
  return results
}
