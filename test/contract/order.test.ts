import { describe, expect, it } from 'vitest'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { expectOneOf, type Name, type Outcome, Stage } from './order-stage.ts'

/*
 * Two calls at the same time have the effect of one after the other: the same state for all users, the same successes,
 * and each side is notified once. A device that was connected all the time ends with the state of one that logs in.
 */

type Call = (stage: Stage) => Promise<{ errCode: number }>

interface Story {
  cast: readonly Name[]
  prepare: (stage: Stage) => Promise<unknown>
  first: Call
  second: Call
}

const MEMBERS = ['olga', 'adam', 'mia'] as const
const APPROVAL = { needVerification: 1 }
const OPEN = { needVerification: 2 }

/** A story about a group. Those of its members who are in the cast are in the group; ann is not a member. */
function inGroup(
  cast: readonly Name[],
  first: Call,
  second: Call,
  { prepare, ...info }: { prepare?: Call; needVerification?: number } = OPEN,
): Story {
  return {
    ...{ cast, first, second },
    async prepare(stage) {
      await stage.createGroup(
        MEMBERS.filter((name) => cast.includes(name)),
        info,
      )
      expect((await prepare?.(stage))?.errCode ?? 0).toBe(0)
    },
  }
}

function ofPair(first: Call, second: Call, ...prepare: Call[]): Story {
  return {
    ...{ cast: ['mia', 'max'], first, second },
    async prepare(stage) {
      for (const call of prepare) expect((await call(stage)).errCode).toBe(0)
    },
  }
}

const group =
  (by: Name, verb: string, body: (stage: Stage) => object = () => ({})): Call =>
  (stage) =>
    stage.group(by, verb, body(stage))
const kick = (by: Name, whom: Name) => group(by, 'kick_group', (stage) => ({ kickedUserIDs: [stage.id(whom)] }))
const invite = (by: Name, whom: Name) =>
  group(by, 'invite_user_to_group', (stage) => ({ invitedUserIDs: [stage.id(whom)] }))
const join = (by: Name) => group(by, 'join_group', () => ({ joinSource: 3 }))
const quit = (by: Name) => group(by, 'quit_group')
const answer = (by: Name, handleResult: number) =>
  group(by, 'group_application_response', (stage) => ({ fromUserID: stage.id('ann'), handleResult }))
const transfer = (to: Name) =>
  group('olga', 'transfer_group', (stage) => ({ oldOwnerUserID: stage.id('olga'), newOwnerUserID: stage.id(to) }))
const dismiss = group('olga', 'dismiss_group')
const rename = (by: Name, groupName: string) => group(by, 'set_group_info_ex', () => ({ groupName }))
const mute = (by: Name, whom: Name) =>
  group(by, 'mute_group_member', (stage) => ({ userID: stage.id(whom), mutedSeconds: 600 }))
const setRole =
  (whom: Name, roleLevel: number): Call =>
  (stage) =>
    stage.call('olga', '/group/set_group_member_info', {
      members: [{ groupID: stage.groupID, userID: stage.id(whom), roleLevel }],
    })
const say =
  (from: Name, to: Name | 'group', text = `from ${from}`): Call =>
  (stage) =>
    stage.say(from, to, text)

const friend =
  (by: Name, verb: string, body: (stage: Stage) => object): Call =>
  (stage) =>
    stage.call(by, `/friend/${verb}`, body(stage))
const askFriend = (from: Name, to: Name) =>
  friend(from, 'add_friend', (stage) => ({ fromUserID: stage.id(from), toUserID: stage.id(to) }))
const answerFriend = (from: Name, to: Name, handleResult: number) =>
  friend(to, 'add_friend_response', (stage) => ({ fromUserID: stage.id(from), toUserID: stage.id(to), handleResult }))
const deleteFriend = (owner: Name, whom: Name) =>
  friend(owner, 'delete_friend', (stage) => ({ ownerUserID: stage.id(owner), friendUserID: stage.id(whom) }))
const addBlack = (owner: Name, whom: Name) =>
  friend(owner, 'add_black', (stage) => ({ ownerUserID: stage.id(owner), blackUserID: stage.id(whom) }))
const removeBlack = (owner: Name, whom: Name) =>
  friend(owner, 'remove_black', (stage) => ({ ownerUserID: stage.id(owner), blackUserID: stage.id(whom) }))

/** A call about the chat of mia and max. */
const inPair =
  (by: Name, verb: string, body: object = {}): Call =>
  (stage) =>
    stage.call(by, `/msg/${verb}`, { userID: stage.id(by), conversationID: stage.pair('mia', 'max'), ...body })
const clear =
  (by: Name): Call =>
  (stage) =>
    stage.call(by, '/msg/clear_conversation_msg', {
      ...{ userID: stage.id(by), conversationIDs: [stage.pair('mia', 'max')] },
    })
const revoke = (by: Name, seq: number) => inPair(by, 'revoke_msg', { seq })
/** Mia's message with an ID that max can quote, even after it was revoked. */
const sayQuotable: Call = (stage) => stage.say('mia', 'max', 'from mia', { clientMsgID: `quotable ${stage.id('mia')}` })
const quote: Call = (stage) => {
  const quoteMessage = { clientMsgID: `quotable ${stage.id('mia')}`, seq: 1, contentType: 101, content: 'from mia' }
  const content = new TextEncoder().encode(JSON.stringify({ text: 'quoted', quoteMessage }))
  return stage.say('max', 'mia', '', { contentType: ContentType.Quote, content })
}

const APPLICATION = ['olga', 'adam', 'ann'] as const
const APPLIED = { ...APPROVAL, prepare: join('ann') }

const STORIES: Record<string, Story> = {
  'one administrator accepts an applicant, another refuses': inGroup(
    APPLICATION,
    answer('olga', 1),
    answer('adam', -1),
    APPLIED,
  ),
  'two administrators accept an applicant': inGroup(APPLICATION, answer('olga', 1), answer('adam', 1), APPLIED),
  'two administrators refuse an applicant': inGroup(APPLICATION, answer('olga', -1), answer('adam', -1), APPLIED),
  'one administrator accepts an applicant, another invites': inGroup(
    APPLICATION,
    answer('olga', 1),
    invite('adam', 'ann'),
    APPLIED,
  ),
  'one administrator refuses an applicant, another invites': inGroup(
    APPLICATION,
    answer('olga', -1),
    invite('adam', 'ann'),
    APPLIED,
  ),
  'an administrator accepts an applicant, the owner dismisses': inGroup(
    APPLICATION,
    answer('adam', 1),
    dismiss,
    APPLIED,
  ),
  'an administrator accepts an applicant and is kicked': inGroup(
    APPLICATION,
    answer('adam', 1),
    kick('olga', 'adam'),
    APPLIED,
  ),
  'a user applies and is invited': inGroup(APPLICATION, join('ann'), invite('adam', 'ann'), APPROVAL),
  'a user joins and is invited': inGroup(APPLICATION, join('ann'), invite('adam', 'ann')),
  'a user joins and is kicked': inGroup(APPLICATION, join('ann'), kick('olga', 'ann')),
  'a user joins, the owner dismisses': inGroup(['olga', 'ann'], join('ann'), dismiss),
  'two members invite one user': inGroup(['olga', 'mia', 'ann'], invite('mia', 'ann'), invite('olga', 'ann')),
  'a member is kicked and quits': inGroup(MEMBERS, kick('olga', 'mia'), quit('mia')),
  'a member is kicked twice': inGroup(MEMBERS, kick('olga', 'mia'), kick('adam', 'mia')),
  'a member becomes an administrator and is kicked': inGroup(MEMBERS, setRole('mia', 60), kick('adam', 'mia')),
  'a member becomes the owner and quits': inGroup(MEMBERS, transfer('mia'), quit('mia')),
  'a member becomes the owner and is kicked': inGroup(MEMBERS, transfer('mia'), kick('adam', 'mia')),
  'two members become the owner': inGroup(MEMBERS, transfer('mia'), transfer('adam')),
  'the owner transfers and dismisses': inGroup(['olga', 'mia'], transfer('mia'), dismiss),
  'the owner dismisses twice': inGroup(['olga', 'mia'], dismiss, dismiss),
  'two administrators rename the group': inGroup(['olga', 'adam'], rename('olga', 'A'), rename('adam', 'B')),
  'a member writes, the owner dismisses': inGroup(['olga', 'mia'], say('mia', 'group'), dismiss),
  'a member writes and is muted': inGroup(['olga', 'mia'], say('mia', 'group'), mute('olga', 'mia')),
  'a member writes, the group is muted': inGroup(['olga', 'mia'], say('mia', 'group'), group('olga', 'mute_group')),
  'a member writes and is kicked': inGroup(['olga', 'mia'], say('mia', 'group'), kick('olga', 'mia')),
  'a member writes, a user joins': inGroup(['olga', 'mia', 'ann'], say('mia', 'group'), join('ann')),

  'one device accepts a friend, another refuses': ofPair(
    answerFriend('mia', 'max', 1),
    answerFriend('mia', 'max', -1),
    askFriend('mia', 'max'),
  ),
  'two devices accept a friend': ofPair(
    answerFriend('mia', 'max', 1),
    answerFriend('mia', 'max', 1),
    askFriend('mia', 'max'),
  ),
  'two users accept each other': ofPair(
    answerFriend('mia', 'max', 1),
    answerFriend('max', 'mia', 1),
    askFriend('mia', 'max'),
    askFriend('max', 'mia'),
  ),
  'a user asks again and is accepted': ofPair(
    askFriend('mia', 'max'),
    answerFriend('mia', 'max', 1),
    askFriend('mia', 'max'),
  ),
  'a user deletes a friend who accepts': ofPair(
    deleteFriend('mia', 'max'),
    answerFriend('mia', 'max', 1),
    askFriend('mia', 'max'),
  ),
  'two devices delete a friend': ofPair(
    deleteFriend('mia', 'max'),
    deleteFriend('mia', 'max'),
    askFriend('mia', 'max'),
    answerFriend('mia', 'max', 1),
  ),
  'a user blocks another who writes': ofPair(addBlack('mia', 'max'), say('max', 'mia'), say('mia', 'max')),
  'a user unblocks another who writes': ofPair(removeBlack('mia', 'max'), say('max', 'mia'), addBlack('mia', 'max')),
  'two devices unblock a user': ofPair(removeBlack('mia', 'max'), removeBlack('mia', 'max'), addBlack('mia', 'max')),

  'a message is revoked and quoted': ofPair(revoke('mia', 1), quote, sayQuotable),
  'a message is revoked twice': ofPair(revoke('mia', 1), revoke('mia', 1), say('mia', 'max')),
  'a message is revoked, the receiver clears': ofPair(revoke('mia', 1), clear('max'), say('mia', 'max')),
  'a user clears, the other writes': ofPair(clear('max'), say('mia', 'max', 'new'), say('mia', 'max')),
  'a user clears and reads': ofPair(
    clear('max'),
    inPair('max', 'mark_conversation_as_read', { hasReadSeq: 1, seqs: [1] }),
    say('mia', 'max'),
  ),
  'two users clear': ofPair(clear('max'), clear('mia'), say('mia', 'max'), say('max', 'mia')),
  'two devices clear': ofPair(clear('max'), clear('max'), say('mia', 'max')),
  'both users write': ofPair(say('mia', 'max'), say('max', 'mia')),
}

type Order = 'first' | 'second' | 'together' | 'together, second begins'

describe('two calls at the same time', () => {
  it.each(Object.entries(STORIES))('have the effect of one after the other: %s', async (_name, story) => {
    const expected = await Promise.all(
      (['first', 'second'] as const).map(async (order) => (await play(story, order)).outcome()),
    )
    for (const order of ['together', 'together, second begins'] as const) {
      const { stage, outcome } = await play(story, order)
      await expectOneOf(outcome, expected)
      await stage.expectSameAsFresh()
    }
  })
})

async function play(story: Story, order: Order): Promise<{ stage: Stage; outcome: () => Promise<Outcome> }> {
  const stage = await Stage.of(story.cast)
  await story.prepare(stage)
  await stage.untilQuiet()
  const before = new Map(stage.actors.map(({ name, device }) => [name, device.received().length]))
  const [first, second] = await inOrder(stage, story, order)
  const codes = [first.errCode, second.errCode]
  await stage.untilQuiet()
  return { stage, outcome: () => stage.outcome(codes, before) }
}

type Reply = { errCode: number }

async function inOrder(stage: Stage, { first, second }: Story, order: Order): Promise<[Reply, Reply]> {
  if (order === 'together') return Promise.all([first(stage), second(stage)])
  if (order === 'first') return [await first(stage), await second(stage)]
  const [b, a] =
    order === 'second' ? [await second(stage), await first(stage)] : await Promise.all([second(stage), first(stage)])
  return [a, b]
}
