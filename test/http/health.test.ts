/// <reference types="vite/types/importMeta.d.ts" />
import { describe, expect, it } from 'vitest'
import { ALL_TABLES } from '../../src/http/all-tables.ts'
import { readiness } from '../../src/http/health.ts'
import { bindings, request } from '../rigs/rig.ts'

describe('the readiness check', () => {
  it('checks every declared table', () => {
    const modules = Object.values(import.meta.glob<Record<string, unknown>>('../../src/**/tables.ts', { eager: true }))
    const declared = modules.flatMap((module) => Object.values(module))
    expect(declared.length).toBeGreaterThan(10)
    expect(new Set(ALL_TABLES)).toEqual(new Set(declared))
  })

  it('checks the database, the files, the objects and the queues', async () => {
    const response = await request('/readyz')
    expect(response.status).toBe(200)
    expect(Object.keys((await response.json<{ parts: object }>()).parts)).toEqual([
      ...['database', 'files', 'objects', 'queues'],
    ])
  })

  it('fails while the database lacks a migration', async () => {
    await bindings.DB.prepare('ALTER TABLE setting_override RENAME COLUMN changed_by TO changed').run()
    const notReady = await request('/readyz')
    expect(notReady.status).toBe(503)
    expect(await notReady.json()).toMatchObject({
      ready: false,
      parts: { database: expect.stringMatching(/^not migrated: no such column: .*changed_by$/), files: 'ok' },
    })
    expect((await request('/healthz')).status).toBe(200)
    await bindings.DB.prepare('ALTER TABLE setting_override RENAME COLUMN changed TO changed_by').run()
    expect((await request('/readyz')).status).toBe(200)
  })

  it('fails while a part is down, and names the part', async () => {
    const down = () => Promise.reject(new Error('down'))
    const state = await readiness({ ...bindings, FILES: { ...bindings.FILES, get: down } as unknown as R2Bucket })
    expect(state).toEqual({
      ready: false,
      parts: { database: 'ok', files: 'not available', objects: 'ok', queues: 'ok' },
    })
  })
})
