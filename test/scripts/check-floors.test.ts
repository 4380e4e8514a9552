import { describe, expect, it } from 'vitest'
import { findCircles, findViolations } from '../../scripts/check-floors.ts'

/** Why the first import of this file is refused, or nothing. */
function whyNot(path: string, source: string): string | undefined {
  return findViolations([{ path, source }])[0]?.why
}

const importing = (specifier: string) => `import { x } from '${specifier}'\n`

describe('check-floors', () => {
  it.each([
    ['src/worker.ts', './objects/user/user-object.ts'],
    ['src/http/app.ts', '../features/group/endpoints.ts'],
    ['src/features/group/create-group.ts', '../../notification/send.ts'],
    ['src/notification/send.ts', '../push/compose-push.ts'],
    ['src/platform/storage/d1.ts', '../../protocol/errors.ts'],
    ['src/protocol/reply.ts', './errors.ts'],
    ['src/platform/storage/d1.ts', '../../env.ts'],
    ['src/objects/user/socket/connect.ts', '../../../../src/contracts/user.ts'],
    ['src/http/app.ts', 'hono'],
  ])('%s may import %s', (path, specifier) => {
    expect(whyNot(path, importing(specifier))).toBeUndefined()
  })

  it.each([
    ['src/protocol/reply.ts', '../platform/storage/d1.ts', 'platform lies above protocol'],
    ['src/platform/storage/d1.ts', '../../features/user/wire.ts', 'features lies above platform'],
    ['src/sync/version-store.ts', '../http/reply.ts', 'http lies above sync'],
    ['src/features/user/store.ts', '../../jobs/queue.ts', 'jobs lies above features'],
    ['src/jobs/queue.ts', '../worker.ts', 'worker.ts lies above jobs'],
    ['src/http/device-gateway.ts', '../objects/user/socket/connect.ts', 'never import each other'],
    ['src/worker.ts', '../scripts/local/migrate.ts', 'outside src/'],
    ['src/helpers/dates.ts', '../protocol/errors.ts', 'on no floor'],
    ['src/http/app.ts', '../helpers/dates.ts', 'on no floor'],
  ])('%s may not import %s', (path, specifier, why) => {
    expect(whyNot(path, importing(specifier))).toContain(why)
  })

  it('finds imports of types, re-exports, dynamic imports and imports spread over lines', () => {
    const source = [
      "import type { A } from '../http/a.ts'",
      "export * from '../http/b.ts'",
      'import {',
      '  C,',
      "} from '../http/c.ts'",
      "const d = await import('../http/d.ts')",
      "type E = import('../http/e.ts').E",
      "import '../http/f.ts'",
    ].join('\n')
    const found = findViolations([{ path: 'src/push/tokens.ts', source }])
    expect(found.map(({ imports, line }) => `${line} ${imports}`)).toEqual([
      '1 ../http/a.ts',
      '2 ../http/b.ts',
      '3 ../http/c.ts',
      '6 ../http/d.ts',
      '7 ../http/e.ts',
      '8 ../http/f.ts',
    ])
  })

  it('ignores imports in comments, templates and text', () => {
    const source = [
      "// import { x } from '../http/a.ts'",
      "/* import '../http/b.ts'",
      "import '../http/c.ts' */",
      "const url = 'https://example.com' // import('../http/d.ts')",
      "const code = `\nimport '../http/e.ts'\n`",
      'const said = "export { x } from \'../http/f.ts\'"',
      "import { x } from '../protocol/errors.ts'",
    ].join('\n')
    expect(findViolations([{ path: 'src/push/tokens.ts', source }])).toEqual([])
  })
})

describe('the package', () => {
  it.each(['./rest.ts', '../../../src/protocol/errors.ts', 'idb'])('may import %s', (specifier) => {
    expect(whyNot('sdk/src/client/client.ts', importing(specifier))).toBeUndefined()
  })

  it.each([
    ['../../../src/contracts/user.ts', 'src/protocol/ only'],
    ['../../../scripts/im.ts', 'src/protocol/ only'],
    ['node:fs', 'browsers'],
    ['cloudflare:workers', 'browsers'],
  ])('may not import %s', (specifier, why) => {
    expect(whyNot('sdk/src/client/client.ts', importing(specifier))).toContain(why)
  })
})

describe('env.ts', () => {
  it('may import the types of the floors above it', () => {
    expect(whyNot('src/env.ts', "import type { UserRpc } from './contracts/user.ts'")).toBeUndefined()
    expect(whyNot('src/env.ts', "import type { UserObject } from './objects/user/user-object.ts'")).toBeUndefined()
  })

  it('may not import values from the floors above it', () => {
    const why = 'objects lies above env.ts'
    expect(whyNot('src/env.ts', importing('./objects/user/user-object.ts'))).toContain(why)
    expect(whyNot('src/env.ts', "import { type UserObject } from './objects/user/user-object.ts'")).toContain(why)
  })
})

describe('features', () => {
  it.each([
    ['src/features/group/create-group.ts', '../user/access.ts'],
    ['src/features/message/verify-send.ts', '../friend/is-friend.ts'],
    ['src/features/jssdk/endpoints.ts', '../message/search.ts'],
    ['src/features/group/kick-members.ts', './store.ts'],
    ['src/features/friend/store.ts', '../user/tables.ts'],
    ['src/features/user/store.ts', '../group/tables.ts'],
    ['src/features/user/store/members.ts', '../../group/tables.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(whyNot(path, importing(specifier))).toBeUndefined()
  })

  it.each([
    ['src/features/user/register.ts', '../group/access.ts', 'group comes after user'],
    ['src/features/user/register.ts', '../group/tables.ts', 'group comes after user'],
    ['src/features/message/send.ts', '../group/store.ts', "another's store"],
    ['src/features/message/send.ts', '../group/store/members.ts', "another's store"],
    ['src/features/file/upload.ts', '../sdk-logs/store.ts', 'neither of file and sdk-logs'],
    ['src/features/polls/vote.ts', '../user/access.ts', 'polls has no place'],
  ])('%s may not import %s', (path, specifier, why) => {
    expect(whyNot(path, importing(specifier))).toContain(why)
  })
})

describe('an import of cloudflare:workers', () => {
  it.each(['src/worker.ts', 'src/objects/user/user-object.ts', 'src/runtime/context.ts'])(
    'may be contained in %s',
    (path) => {
      expect(whyNot(path, importing('cloudflare:workers'))).toBeUndefined()
    },
  )

  it.each(['src/features/user/register.ts', 'src/protocol/reply.ts', 'src/env.ts'])(
    'may not be contained in %s',
    (path) => {
      expect(whyNot(path, importing('cloudflare:workers'))).toContain('name Cloudflare')
    },
  )
})

describe('floors inside an object', () => {
  it.each([
    ['src/objects/user/user-object.ts', './socket/connect.ts'],
    ['src/objects/user/messages/send.ts', '../state/outbox.ts'],
    ['src/objects/user/messages/send.ts', './deliver.ts'],
  ])('allows %s to import %s', (path, specifier) => {
    expect(whyNot(path, importing(specifier))).toBeUndefined()
  })

  it.each([
    ['src/objects/user/state/outbox.ts', '../user-core.ts', 'user-core.ts lies above state'],
    ['src/objects/user/conversations/settings.ts', '../messages/send.ts', 'messages lies above conversations'],
    ['src/objects/conversation/state/message-log.ts', '../delivery/dispatch.ts', 'delivery lies above state'],
    ['src/objects/user/extras/dates.ts', '../user-core.ts', 'extras is on no floor of src/objects/user/'],
    ['src/objects/user/user-object.ts', './extras/dates.ts', 'extras is on no floor of src/objects/user/'],
  ])('refuses that %s imports %s', (path, specifier, why) => {
    expect(whyNot(path, importing(specifier))).toContain(why)
  })
})

describe('the search for circular imports', () => {
  const file = (name: string, ...imports: string[]) => ({
    path: `src/sync/${name}.ts`,
    source: imports.map((target) => importing(`./${target}.ts`)).join(''),
  })

  it('finds a circle of two files and a circle of three files', () => {
    const files = [file('a', 'b'), file('b', 'a', 'c'), file('c', 'd'), file('d', 'b')]
    expect(findCircles(files).map(({ path, imports }) => [path, imports])).toEqual([
      ['src/sync/b.ts', './a.ts'],
      ['src/sync/d.ts', './b.ts'],
    ])
  })

  it('accepts files that are imported twice without a circle', () => {
    expect(findCircles([file('a', 'b', 'c'), file('b', 'c'), file('c')])).toEqual([])
  })
})
