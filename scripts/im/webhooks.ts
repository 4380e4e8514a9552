import { type Command, SERVICE_OPTIONS, text, UsageError, wholeNumber } from './command.ts'
import { columns } from './help.ts'
import { Service } from './service.ts'

/** The most dead letters that one call of /webhook/replay accepts. */
const MAX_PER_CALL = 1_000
const DEFAULT_SHOWN = 50

interface DeadLetter {
  id: number
  webhook: string
  url: string
  operationID: string
  deadTime: number
}

export const showDeadWebhooks: Command = {
  name: 'webhooks dead',
  summary: 'Shows the events that could not be delivered to the app server’s webhooks, newest first.',
  options: {
    webhook: { description: 'only events of this webhook, by its key in OPENIM_WEBHOOKS', value: 'NAME' },
    limit: { description: `maximum number of events (default: ${DEFAULT_SHOWN})`, value: 'NUMBER' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const showNumber = atMost(MAX_PER_CALL, wholeNumber(values, 'limit') ?? DEFAULT_SHOWN, 'limit')
    const { total, deadLetters } = await new Service(values).call<{ total: number; deadLetters: DeadLetter[] | null }>(
      '/webhook/get_dead_letters',
      { webhook: text(values, 'webhook') ?? '', pagination: { pageNumber: 1, showNumber } },
    )
    const rows = (deadLetters ?? []).map(({ id, webhook, deadTime, operationID, url }) => [
      ...[String(id), webhook, new Date(deadTime).toISOString(), operationID, url],
    ])
    if (rows.length > 0) console.log(columns([['id', 'webhook', 'dead since', 'operationID', 'address'], ...rows]))
    console.log(`${total} dead webhooks${rows.length < total ? `; ${rows.length} are shown` : ''}.`)
  },
}

export const replayWebhooks: Command = {
  name: 'webhooks replay',
  summary: `Delivers dead webhooks to the app server again: all of them, or the given ones. A repeated delivery has the same event
ID, by which a receiver can recognise it.`,
  options: {
    id: { description: 'only these: numbers that `webhooks dead` shows, separated by commas', value: 'NUMBERS' },
    all: { description: 'all dead webhooks', isFlag: true },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const ids = text(values, 'id') === undefined ? [] : idsOf(values)
    if ((values.all === true) === ids.length > 0) throw new UsageError('Give either --all or --id.')
    const service = new Service(values)
    let replayed = 0
    for (;;) {
      const call = ids.length > 0 ? { ids } : { all: true }
      const step = (await service.call<{ replayed: number }>('/webhook/replay', call)).replayed
      replayed += step
      // With `all`, one call replays at most MAX_PER_CALL webhooks.
      if (ids.length > 0 || step < MAX_PER_CALL) break
    }
    console.log(replayed === 0 ? 'There are no dead webhooks.' : `${replayed} webhooks are queued again.`)
  },
}

function idsOf(values: Parameters<Command['run']>[0]): number[] {
  const ids = (text(values, 'id') ?? '').split(',').map((id) => wholeNumber({ id: id.trim() }, 'id') ?? 0)
  atMost(MAX_PER_CALL, ids.length, 'id')
  if (ids.includes(0)) throw new UsageError('--id must be whole numbers, separated by commas.')
  return ids
}

function atMost(limit: number, given: number, option: string): number {
  if (given > limit) throw new UsageError(`--${option} takes at most ${limit}.`)
  return given
}
