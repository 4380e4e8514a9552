import { describe, expect, it } from 'vitest'
import { cast, createTestGroup, expectSameGroupsAsFresh } from '../../rigs/group-shadow.ts'

describe('texts of a group', () => {
  it.each([
    ['an emoji', '😀'],
    ['quotes and backslashes', `"\\'; DROP TABLE chat_group; --`],
    ['line separators', 'a\u2028b\r\nc'],
    ['markup', '<b>&amp;</b>'],
  ])('may contain %s, and later changes still succeed', async (_what, text) => {
    const { olga, mia, ann } = await cast('olga', 'mia', 'ann')
    const groupID = await createTestGroup(olga, {
      members: [mia],
      info: { groupName: text, introduction: text, ex: text },
    })
    const steps = [
      olga.call('set_group_info_ex', { groupID, groupName: text, notification: text, faceURL: text }),
      mia.call('set_group_member_info', {
        members: [{ groupID, userID: mia.userID, nickname: text, faceURL: text, ex: text }],
      }),
      ann.call('join_group', { groupID, reqMessage: text, joinSource: 3, ex: text }),
    ]
    for (const step of steps) expect((await step).errCode).toBe(0)
    const answer = { groupID, fromUserID: ann.userID, handledMsg: text, handleResult: 1 }
    expect((await olga.call('group_application_response', answer)).errCode).toBe(0)
    await expectSameGroupsAsFresh(olga, mia, ann)
    expect(Object.keys((await ann.known()).members[groupID] ?? {})).toHaveLength(3)
  })

  it.each([
    ['half a surrogate pair', 'a\ud800b'],
    ['a NUL', 'a\u0000b'],
  ])('are refused with 1001 when they contain %s', async (_what, text) => {
    const { olga, mia } = await cast('olga', 'mia')
    const groupID = await createTestGroup(olga, { members: [mia] })
    const members = [{ groupID, userID: mia.userID, nickname: text }]
    for (const reply of [
      await olga.call('set_group_info_ex', { groupID, groupName: text }),
      await mia.call('set_group_member_info', { members }),
    ]) {
      expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('lone surrogates') })
    }
    expect((await mia.fresh()).groups[groupID]?.groupName).toBe('The group')
  })

  it('are returned as they were given', async () => {
    const { olga, mia } = await cast('olga', 'mia')
    const text = `😀 "\\' <b>&\u2028`
    const groupID = await createTestGroup(olga, { members: [mia], info: { groupName: text, ex: text } })
    await mia.call('set_group_member_info', { members: [{ groupID, userID: mia.userID, nickname: text }] })
    const { groups, members } = await mia.fresh()
    expect(groups[groupID]).toMatchObject({ groupName: text, ex: text })
    expect(members[groupID]?.[mia.userID]?.nickname).toBe(text)
  })
})
