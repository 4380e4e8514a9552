import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { groupChange, groupCreation, memberRecord } from '../../rigs/group-rig.ts'
import { bindings, conversation, Device, register, until } from '../../rigs/rig.ts'

const stubOf = (groupID: string) => bindings.CONVERSATION.getByName(`sg_${groupID}`)

/** The rows of a group in D1. */
async function inD1(groupID: string) {
  const { results } = await bindings.DB.prepare(
    'SELECT user_id, role_level FROM group_member WHERE group_id = ? ORDER BY user_id',
  )
    .bind(groupID)
    .all<{ user_id: string; role_level: number }>()
  const group = await bindings.DB.prepare('SELECT member_count, status FROM chat_group WHERE group_id = ?')
    .bind(groupID)
    .first<{ member_count: number; status: number }>()
  return { members: results.map((row) => `${row.user_id} ${row.role_level}`), ...group }
}

/** The rows of a group in its conversation. */
function inObject(groupID: string) {
  return runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) => {
    const members = sql
      .exec<{ user_id: string; role_level: number }>(
        'SELECT user_id, role_level FROM member WHERE left_seq < 0 ORDER BY user_id',
      )
      .toArray()
    const [state] = sql
      .exec<{ member_count: number; status: number }>('SELECT member_count, status FROM group_state')
      .toArray()
    const intents = sql.exec<{ n: number }>('SELECT count(*) AS n FROM group_intent').one().n
    return { members: members.map((row) => `${row.user_id} ${row.role_level}`), ...state, intents }
  })
}

async function expectAgreement(groupID: string, members: string[]): Promise<void> {
  const there = await inD1(groupID)
  const { intents, ...here } = await inObject(groupID)
  expect(intents).toBe(0)
  expect(here).toEqual(there)
  expect(there.members).toEqual(members)
  expect(there.member_count).toBe(members.length)
}

/** Lets a statement in the object fail: the rollback leaves the same state as a crash at that moment. */
function breakStep(groupID: string, what: string): Promise<void> {
  return runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) => {
    sql.exec(`CREATE TRIGGER broken ${what} BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
  })
}

function repairStep(groupID: string): Promise<void> {
  return runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) => {
    sql.exec('DROP TRIGGER broken')
  })
}

let next = 0

async function freshGroup(...userIDs: string[]): Promise<string> {
  const groupID = `changes${next++}`
  await conversation(`sg_${groupID}`).changeGroup(groupCreation(groupID, userIDs))
  return groupID
}

const joining = (groupID: string, userID: string) =>
  groupChange(groupID, {
    join: [memberRecord(groupID, userID)],
    notices: [{ contentType: 1510, sendID: userID, detail: { group: { groupID } } }],
  })

describe("a group's change", () => {
  it('is written to D1 and to the conversation, with a notice that contains the new versions', async () => {
    await register('olga', 'pete', 'rosa')
    const groupID = await freshGroup('olga', 'pete')
    await expectAgreement(groupID, ['olga 100', 'pete 20'])
    const { memberCount, notices } = await conversation(`sg_${groupID}`).changeGroup({
      ...joining(groupID, 'rosa'),
      callerUserID: 'rosa',
    })
    expect(memberCount).toBe(3)
    expect(notices.map(({ conversationID, seq }) => [conversationID, seq])).toEqual([
      [`n_${groupID}`, 0],
      [`sg_${groupID}`, 2],
    ])
    await expectAgreement(groupID, ['olga 100', 'pete 20', 'rosa 20'])
    const head = await bindings.DB.prepare("SELECT * FROM version_head WHERE list = 'group-member' AND owner_id = ?")
      .bind(groupID)
      .first<{ version: number; version_id: string }>()
    const { MsgData } = await import('../../../src/protocol/proto/index.ts')
    const { content } = MsgData.decode(notices[0]?.msg ?? new Uint8Array())
    expect(JSON.parse(JSON.parse(new TextDecoder().decode(content)).detail)).toMatchObject({
      group: { groupID, memberCount: 3 },
      groupMemberVersion: head?.version,
      groupMemberVersionID: head?.version_id,
    })
  })

  it('is refused without any effect when it no longer fits the group', async () => {
    const groupID = await freshGroup('olga', 'pete')
    const group = conversation(`sg_${groupID}`)
    await expect(group.changeGroup(joining(groupID, 'pete'))).rejects.toMatchObject({ code: 1001 })
    await expect(group.changeGroup(groupChange(groupID, { leave: ['nobody'] }))).rejects.toMatchObject({ code: 1203 })
    await expect(group.changeGroup(groupCreation(groupID, ['rosa']))).rejects.toMatchObject({ code: 1202 })
    await group.changeGroup(groupChange(groupID, { set: { status: 2 } }))
    await expect(group.changeGroup(joining(groupID, 'rosa'))).rejects.toMatchObject({ code: 1204 })
    await expectAgreement(groupID, ['olga 100', 'pete 20'])
  })

  it('is refused when its actor has lost the role or has left the group', async () => {
    const groupID = await freshGroup('olga', 'pete', 'rosa')
    const change = (given: object) => conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, given))
    const admin = { userID: 'pete', roleLevel: 60 }
    await change({ update: [{ userID: 'pete', set: { roleLevel: 60 } }] })
    await change({ actor: admin, update: [{ userID: 'rosa', set: { muteEndTime: 5 } }] })
    await change({ update: [{ userID: 'pete', set: { roleLevel: 20 } }] })
    const kick = { leave: ['rosa'], roles: [{ userID: 'rosa', roleLevel: 20 }] }
    await expect(change({ ...kick, actor: admin })).rejects.toMatchObject({ code: 1002 })
    await change({ leave: ['pete'] })
    await expect(change({ ...kick, actor: { userID: 'pete', roleLevel: 20 } })).rejects.toMatchObject({ code: 1002 })
    await expectAgreement(groupID, ['olga 100', 'rosa 20'])
    await change(kick)
    await expectAgreement(groupID, ['olga 100'])
  })

  it('is carried out after the change before it when many calls are made at once', async () => {
    const groupID = await freshGroup('olga')
    const userIDs = Array.from({ length: 8 }, (_, i) => `u${i}`)
    await Promise.all(userIDs.map((userID) => conversation(`sg_${groupID}`).changeGroup(joining(groupID, userID))))
    await expectAgreement(groupID, ['olga 100', ...userIDs.map((userID) => `${userID} 20`)])
  })
})

describe('a newcomer to a group', () => {
  // The Go core stores a group that it first finds in a conversation, and then raises no event for its app.
  it('gets the notification of the group before the conversation and its messages', async () => {
    await register('nora')
    const groupID = await freshGroup('olga', 'pete')
    const conversationID = `sg_${groupID}`
    const nora = await Device.connect('nora')
    const join = () => conversation(conversationID).changeGroup({ ...joining(groupID, 'nora'), callerUserID: 'olga' })
    const leave = () => conversation(conversationID).changeGroup(groupChange(groupID, { leave: ['nora'] }))
    const kinds = (from: number) =>
      nora.pushes
        .slice(from)
        .flatMap(({ messages }) => [
          ...Object.values(messages.notificationMsgs).flatMap(({ Msgs }) => Msgs.map((msg) => msg.contentType)),
          ...Object.keys(messages.msgs),
        ])
    await join()
    await until(() => kinds(0).length >= 2)
    expect(kinds(0)).toEqual([1510, conversationID])

    // After leaving and joining again the conversation already exists, and the bounds of what may be read change.
    await leave()
    await until(() => kinds(0).length >= 3)
    const mark = nora.pushes.length
    await join()
    await until(() => kinds(mark).length >= 3)
    expect(kinds(mark)).toEqual([1510, 1300, conversationID])
    // The Go core uses the operationID of a push for the requests that follow, and makes none without one.
    expect(nora.pushes.map(({ operationID }) => operationID)).not.toContain('')
  })
})

describe('a group above the limit for direct delivery', () => {
  it('is handed over to relays, and their member counts follow joins and leaves', async () => {
    const crowd = Array.from({ length: 251 }, (_, i) => `crowd${i}`)
    const groupID = await freshGroup(...crowd)
    const shards = () =>
      runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) =>
        sql
          .exec(
            'SELECT shard, members, (SELECT count(*) FROM member m WHERE m.shard = shard.shard) AS placed FROM shard',
          )
          .toArray(),
      )
    expect(await shards()).toEqual([{ shard: 0, members: 251, placed: 251 }])
    await conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'one more'))
    expect(await shards()).toEqual([{ shard: 0, members: 252, placed: 252 }])
    await conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, { leave: ['crowd0', 'crowd1'] }))
    expect(await shards()).toEqual([{ shard: 0, members: 250, placed: 250 }])
  })
})

describe('a crash in the middle of a group change', () => {
  it('has no effect when the intent is not yet written', async () => {
    const groupID = await freshGroup('olga')
    await breakStep(groupID, 'BEFORE INSERT ON group_intent')
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    await repairStep(groupID)
    await abortAllDurableObjects()
    await expectAgreement(groupID, ['olga 100'])
  })

  it('is recovered at the next wake when D1 does not yet have the change', async () => {
    const groupID = await freshGroup('olga')
    await bindings.DB.exec('ALTER TABLE group_member RENAME TO group_member_renamed')
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    await bindings.DB.exec('ALTER TABLE group_member_renamed RENAME TO group_member')
    expect((await inObject(groupID)).intents).toBe(1)
    await abortAllDurableObjects()
    await conversation(`sg_${groupID}`).maxSeq()
    await expectAgreement(groupID, ['olga 100', 'pete 20'])
  })

  it('is logged with the operationID of the change when D1 also fails at the next wake', async () => {
    const groupID = await freshGroup('olga')
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    await bindings.DB.exec('ALTER TABLE group_member RENAME TO group_member_renamed')
    try {
      const change = { ...joining(groupID, 'pete'), operationID: 'op-of-pete' }
      await expect(conversation(`sg_${groupID}`).changeGroup(change)).rejects.toThrow()
      await abortAllDurableObjects()
      await conversation(`sg_${groupID}`).maxSeq()
      const lines = log.mock.calls.map(([text]) => JSON.parse(String(text)))
      const expected = { message: 'resume of a pending change failed', operationID: 'op-of-pete' }
      expect(lines).toContainEqual(expect.objectContaining({ ...expected, conversationID: `sg_${groupID}` }))
    } finally {
      log.mockRestore()
      await bindings.DB.exec('ALTER TABLE group_member_renamed RENAME TO group_member')
    }
  })

  it.each([
    ['the newcomer is written', 'BEFORE INSERT ON member'],
    ['the notice is appended', 'BEFORE INSERT ON chat'],
    ['the state of the group is written', 'BEFORE UPDATE ON group_state'],
    ['the intent is removed', 'BEFORE DELETE ON group_intent'],
  ])('is recovered at the next wake, with one notice, when D1 has a join and %s', async (_when, what) => {
    const groupID = await freshGroup('olga')
    await breakStep(groupID, what)
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    expect((await inD1(groupID)).members).toEqual(['olga 100', 'pete 20'])
    expect(await inObject(groupID)).toMatchObject({ members: ['olga 100'], intents: 1 })
    await repairStep(groupID)
    await abortAllDurableObjects()
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(2)
    await expectAgreement(groupID, ['olga 100', 'pete 20'])
  })

  it.each([
    ['the leaver is written', 'BEFORE UPDATE ON member'],
    ['the intent is removed', 'BEFORE DELETE ON group_intent'],
  ])('is recovered at the next wake when D1 has a leave and %s', async (_when, what) => {
    const groupID = await freshGroup('olga', 'pete')
    await breakStep(groupID, what)
    const leaving = groupChange(groupID, {
      leave: ['pete'],
      notices: [{ contentType: 1504, sendID: 'pete', detail: { group: { groupID } } }],
    })
    await expect(conversation(`sg_${groupID}`).changeGroup(leaving)).rejects.toThrow()
    expect((await inD1(groupID)).members).toEqual(['olga 100'])
    expect(await inObject(groupID)).toMatchObject({ members: ['olga 100', 'pete 20'], intents: 1 })
    await repairStep(groupID)
    await abortAllDurableObjects()
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(2)
    await expectAgreement(groupID, ['olga 100'])
  })

  it('is recovered at the next wake when D1 has the change and the group is handed over to relays', async () => {
    const crowd = Array.from({ length: 20 }, (_, i) => `few${i}`)
    const groupID = await freshGroup(...crowd)
    await breakStep(groupID, 'BEFORE INSERT ON shard')
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    await repairStep(groupID)
    await abortAllDurableObjects()
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(2)
    const shards = await runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) =>
      sql.exec('SELECT count(*) AS n, min(shard) AS shard FROM member').one(),
    )
    expect(shards).toEqual({ n: 21, shard: 0 })
    expect((await inD1(groupID)).members).toHaveLength(21)
  })

  it('is recovered at the next wake when the group is being created', async () => {
    const groupID = `changes${next++}`
    await breakStep(groupID, 'BEFORE INSERT ON group_state')
    await expect(conversation(`sg_${groupID}`).changeGroup(groupCreation(groupID, ['olga', 'pete']))).rejects.toThrow()
    await repairStep(groupID)
    await abortAllDurableObjects()
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(1)
    await expectAgreement(groupID, ['olga 100', 'pete 20'])
  })

  it('is recovered completely when the change is larger than a row', async () => {
    const groupID = await freshGroup('olga')
    const many = Array.from({ length: 80 }, (_, i) => `many${i + 10}`)
    // The two halves of a surrogate pair fall on both sides of every cut.
    const ex = (i: number) => 'x'.repeat(i % 2) + '\u{1f600}'.repeat(4_000)
    const join = many.map((userID, i) => memberRecord(groupID, userID, { ex: ex(i) }))
    await breakStep(groupID, 'BEFORE INSERT ON member')
    await expect(conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, { join }))).rejects.toThrow()
    await bindings.DB.prepare('DELETE FROM group_member WHERE group_id = ?').bind(groupID).run()
    await repairStep(groupID)
    await abortAllDurableObjects()
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(1)
    const { results } = await bindings.DB.prepare('SELECT ex FROM group_member WHERE group_id = ? ORDER BY user_id')
      .bind(groupID)
      .all<{ ex: string }>()
    expect(results.map((row) => row.ex)).toEqual(many.map((_, i) => ex(i)))
    const parts = await runInDurableObject(stubOf(groupID), (_object, { storage: { sql } }) =>
      sql.exec('SELECT count(*) AS n FROM group_intent_part').one(),
    )
    expect(parts).toEqual({ n: 0 })
  }, 30_000)

  it('does not block the next change once D1 is reachable, and both changes are carried out', async () => {
    const groupID = await freshGroup('olga')
    await bindings.DB.exec('ALTER TABLE group_member RENAME TO group_member_renamed')
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    await bindings.DB.exec('ALTER TABLE group_member_renamed RENAME TO group_member')
    await conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'rosa'))
    await expectAgreement(groupID, ['olga 100', 'pete 20', 'rosa 20'])
  })

  it('does not count a member twice when only D1 has the group', async () => {
    const groupID = await freshGroup('olga', 'pete')
    // The state after an import: D1 has the group, and its conversation was never woken.
    await bindings.DB.prepare('UPDATE chat_group SET group_id = ?1 WHERE group_id = ?2')
      .bind(`${groupID}x`, groupID)
      .run()
    await bindings.DB.prepare('UPDATE group_member SET group_id = ?1 WHERE group_id = ?2')
      .bind(`${groupID}x`, groupID)
      .run()
    const imported = `${groupID}x`
    await breakStep(imported, 'BEFORE DELETE ON group_intent')
    await expect(conversation(`sg_${imported}`).changeGroup(joining(imported, 'rosa'))).rejects.toThrow()
    await repairStep(imported)
    await abortAllDurableObjects()
    await conversation(`sg_${imported}`).maxSeq()
    await expectAgreement(imported, ['olga 100', 'pete 20', 'rosa 20'])
  })
})

describe('a change that D1 refuses permanently', () => {
  afterEach(async () => {
    vi.restoreAllMocks()
    await bindings.DB.prepare('DROP TRIGGER IF EXISTS refuses').run()
  })

  const refuseInD1 = (userID: string) =>
    bindings.DB.prepare(
      `CREATE TRIGGER refuses BEFORE INSERT ON group_member WHEN new.user_id = '${userID}'
        BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    ).run()

  it('is given up with a log message, has no effect and does not block the next change', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const groupID = await freshGroup('olga')
    await refuseInD1('pete')
    const refused = { ...joining(groupID, 'pete'), operationID: 'op-refused' }
    await expect(conversation(`sg_${groupID}`).changeGroup(refused)).rejects.toThrow('refused')
    await expectAgreement(groupID, ['olga 100'])
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
      { operationID: 'op-refused', conversationID: `sg_${groupID}` },
    ])
    await conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'rosa'))
    await expectAgreement(groupID, ['olga 100', 'rosa 20'])
    expect(await conversation(`sg_${groupID}`).maxSeq()).toBe(2)
  })

  it('does not block the wake or the next change when a crash left its intent', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const groupID = await freshGroup('olga')
    await bindings.DB.exec('ALTER TABLE group_member RENAME TO group_member_renamed')
    await expect(conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'pete'))).rejects.toThrow()
    await bindings.DB.exec('ALTER TABLE group_member_renamed RENAME TO group_member')
    expect((await inObject(groupID)).intents).toBe(1)
    await refuseInD1('pete')
    await abortAllDurableObjects()
    await conversation(`sg_${groupID}`).changeGroup(joining(groupID, 'rosa'))
    await expectAgreement(groupID, ['olga 100', 'rosa 20'])
  })
})

describe('the send check of a group', () => {
  const send = async (groupID: string, sendID: string, given: object = {}) => {
    const { appendItem } = await import('../../rigs/rig.ts')
    const [result] = await conversation(`sg_${groupID}`).append([
      appendItem({
        clientMsgID: crypto.randomUUID(),
        sendID,
        recvID: groupID,
        groupID,
        sessionType: 3,
        ...given,
      }),
    ])
    return result?.ok ? 0 : result?.refusal.code
  }

  it('applies members, mutes and the status of the group, at once and after a restart', async () => {
    const groupID = await freshGroup('olga', 'pete', 'rosa')
    const group = conversation(`sg_${groupID}`)
    const change = (given: object) => group.changeGroup(groupChange(groupID, given))
    expect(await send(groupID, 'nobody')).toBe(1203)
    expect(await send(groupID, 'imAdmin')).toBe(0)
    await change({ update: [{ userID: 'pete', set: { muteEndTime: Date.now() + 60_000 } }] })
    expect(await send(groupID, 'pete')).toBe(1402)
    await abortAllDurableObjects()
    expect(await send(groupID, 'pete')).toBe(1402)
    expect(await send(groupID, 'rosa')).toBe(0)
    await conversation(`sg_${groupID}`).changeGroup(
      groupChange(groupID, {
        set: { status: 3 },
        update: [{ userID: 'pete', set: { muteEndTime: 0, roleLevel: 60 } }],
      }),
    )
    expect(await send(groupID, 'rosa')).toBe(1403)
    expect(await send(groupID, 'pete')).toBe(0)
    expect(await send(groupID, 'olga')).toBe(0)
    await conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, { set: { status: 2 }, leave: ['rosa'] }))
    expect(await send(groupID, 'olga')).toBe(1204)
    expect(await send(groupID, 'imAdmin')).toBe(1204)
  })
})
