import { type Command, count, SERVICE_OPTIONS, text, UsageError } from './command.ts'
import { columns } from './help.ts'
import { Service } from './service.ts'

/** As many as one call of /webhook/replay takes. */
const MOST = 1_000
const SHOWN = 50

interface DeadLetter {
  id: number
  webhook: string
  url: string
  operationID: string
  deadTime: number
}

export const showDeadWebhooks: Command = {
  name: 'webhooks dead',
  summary: 'Shows the events that could not be brought to the app’s webhooks, newest first.',
  options: {
    webhook: { words: 'of this webhook only, by its key in OPENIM_WEBHOOKS', value: 'NAME' },
    limit: { words: `at most so many; ${SHOWN} without it`, value: 'NUMBER' },
    ...SERVICE_OPTIONS,
  },
  async run(values) {
    const showNumber = atMost(MOST, count(values, 'limit') ?? SHOWN, 'limit')
    const { total, deadLetters } = await new Service(values).call<{ total: number; deadLetters: DeadLetter[] | null }>(
      '/webhook/get_dead_letters',
      { webhook: text(values, 'webhook') ?? '', pagination: { pageNumber: 1, showNumber } },
    )
    const rows = (deadLetters ?? []).map(({ id, webhook, deadTime, operationID, url }) => [
      ...[String(id), webhook, new Date(deadTime).toISOString(), operationID, url],
    ])
    if (rows.length > 0) console.log(columns([['id', 'webhook', 'dead since', 'operationID', 'address'], ...rows]))
    console.log(`${total} dead webhooks${rows.length < total ? `, of which ${rows.length} are shown` : ''}.`)
  },
}

export const replayWebhooks: Command = {
  name: 'webhooks replay',
  summary: `Brings dead webhooks to the app once more: all of them, or those that are named. A receiver knows by the event's ID
what it has had already.`,
  options: {
    id: { words: 'only these: numbers that `webhooks dead` shows, separated by commas', value: 'NUMBERS' },
    all: { words: 'all there are', isFlag: true },
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
      // With `all` a call takes so many and leaves the rest to the next one.
      if (ids.length > 0 || step < MOST) break
    }
    console.log(replayed === 0 ? 'There are no dead webhooks.' : `${replayed} webhooks are on their way again.`)
  },
}

function idsOf(values: Parameters<Command['run']>[0]): number[] {
  const ids = (text(values, 'id') ?? '').split(',').map((id) => count({ id: id.trim() }, 'id') ?? 0)
  atMost(MOST, ids.length, 'id')
  if (ids.includes(0)) throw new UsageError('--id must be whole numbers, separated by commas.')
  return ids
}

function atMost(limit: number, given: number, option: string): number {
  if (given > limit) throw new UsageError(`--${option} takes at most ${limit}.`)
  return given
}
