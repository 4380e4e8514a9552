import { expect } from 'vitest'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { SessionType } from '../../src/protocol/constants/session-type.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { singleConversationID } from '../../src/protocol/conversation-id.ts'
import { type MsgData, PullMessageBySeqsReq, PullMessageBySeqsResp } from '../../src/protocol/proto/index.ts'
import { expectSameListsAsFresh, FriendShadow } from '../rigs/friend-shadow.ts'
import { expectSameGroupsAsFresh, GroupShadow, waitForStrayPushes } from '../rigs/group-shadow.ts'
import { type Device, post, register, textMessage, until, user } from '../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../rigs/shadow.ts'

/** The names of the users in a story. Olga owns the group, adam administrates it, mia is a member. */
const NAMES = ['olga', 'adam', 'mia', 'max', 'ann'] as const
export type Name = (typeof NAMES)[number]

const PAGE = { pagination: { pageNumber: 1, showNumber: 100 } }

let next = 0

/** A user with one device, which keeps the three copies of a client: chats, groups, friends. */
export class Actor {
  readonly name: Name
  readonly chats: Shadow
  readonly groups: GroupShadow
  readonly friends: FriendShadow

  constructor(name: Name, chats: Shadow) {
    const { userID, token, device } = chats
    this.name = name
    this.chats = chats
    this.groups = new GroupShadow(userID, token, device)
    this.friends = new FriendShadow(userID, token, device)
  }

  get userID(): string {
    return this.chats.userID
  }

  get device(): Device {
    return this.chats.device
  }

  async call(path: string, body: object) {
    return post(path, body, this.chats.token)
  }
}

/** The result of two calls: whether each succeeded, what all users see afterwards, and of what they were notified. */
export type Outcome = string

/** Users of one run of a story. Their IDs are new in each run; an outcome has their names instead. */
export class Stage {
  readonly #actors: Map<Name, Actor>
  groupID = ''

  private constructor(actors: Map<Name, Actor>) {
    this.#actors = actors
  }

  static async of(names: readonly Name[]): Promise<Stage> {
    const round = next++
    await register(...names.map((name) => idOf(name, round)))
    const actors = await Promise.all(names.map(async (name) => new Actor(name, await Shadow.online(idOf(name, round)))))
    return new Stage(new Map(actors.map((actor) => [actor.name, actor])))
  }

  get actors(): Actor[] {
    return [...this.#actors.values()]
  }

  actor(name: Name): Actor {
    const actor = this.#actors.get(name)
    if (!actor) throw new Error(`${name} is not in this story`)
    return actor
  }

  id(name: Name): string {
    return this.actor(name).userID
  }

  /** Creates the group of the story. */
  async createGroup(members: readonly Name[], info: object = {}): Promise<void> {
    const [owner, ...others] = members
    const admins = others.filter((name) => name === 'adam')
    const reply = await this.call(owner as Name, '/group/create_group', {
      ownerUserID: this.id(owner as Name),
      adminUserIDs: admins.map((name) => this.id(name)),
      memberUserIDs: others.filter((name) => name !== 'adam').map((name) => this.id(name)),
      groupInfo: { groupName: 'The group', groupType: 2, ...info },
    })
    this.groupID = reply.data.groupInfo.groupID
  }

  call(name: Name, path: string, body: object) {
    return this.actor(name).call(path, body)
  }

  /** Makes a call about the group of the story. */
  group(name: Name, verb: string, body: object = {}) {
    return this.call(name, `/group/${verb}`, { groupID: this.groupID, ...body })
  }

  pair(a: Name, b: Name): string {
    return singleConversationID(this.id(a), this.id(b))
  }

  /** Sends a text to a user, or to the group of the story. */
  async say(from: Name, to: Name | 'group', text: string, given: Partial<MsgData> = {}): Promise<{ errCode: number }> {
    const { userID, device } = this.actor(from)
    const recvID = to === 'group' ? '' : this.id(to)
    const route = to === 'group' ? { sessionType: SessionType.Group, groupID: this.groupID } : {}
    const message = textMessage(userID, recvID, crypto.randomUUID(), text, { ...route, ...given })
    return device.request(WsRequestID.SendMsg, message)
  }

  /** Waits until no device gets anything any more. */
  async untilQuiet(): Promise<void> {
    const count = () => this.actors.reduce((sum, { device }) => sum + device.received().length, 0)
    for (let before = -1; before !== count(); ) {
      before = count()
      await waitForStrayPushes()
    }
  }

  /** Checks that each device ends with the state of one that logs in now. */
  async expectSameAsFresh(): Promise<void> {
    await expectSameGroupsAsFresh(...this.actors.map(({ groups }) => groups))
    await expectSameListsAsFresh(...this.actors.map(({ friends }) => friends))
    await expectSameAsFresh(...this.actors.map(({ chats }) => chats))
  }

  /** @param before the number of pushes that each device had before the calls */
  async outcome(codes: readonly number[], before: ReadonlyMap<Name, number>): Promise<Outcome> {
    const seen = await Promise.all(
      this.actors.map(async (actor) => [
        actor.name,
        {
          ...(await this.#seenBy(actor)),
          notified: notificationsOf(actor.device, before.get(actor.name) ?? 0),
        },
      ]),
    )
    const succeeded = codes.map((code) => code === 0)
    const text = JSON.stringify({ succeeded, ...Object.fromEntries(seen) }, null, 1)
    const ids = [...this.actors.map(({ name, userID }) => [userID, name] as const), [this.groupID, 'G'] as const]
    return ids.reduce((shown, [id, name]) => (id === '' ? shown : shown.replaceAll(id, name)), text)
  }

  async #seenBy(actor: Actor): Promise<object> {
    const { userID } = actor
    const list = async (path: string, body: object = {}) =>
      (await actor.call(path, { userID, fromUserID: userID, ownerUserID: userID, ...PAGE, ...body })).data
    const [friends, blacks, asked, groups, applied, views] = await Promise.all([
      list('/friend/get_friend_id'),
      list('/friend/get_black_list'),
      list('/friend/get_self_friend_apply_list'),
      actor.groups.fresh(),
      list('/group/get_user_req_group_applicationList'),
      user(userID).seqViews(null),
    ])
    return {
      friends: friends.friendIDs,
      blacks: blacks.blacks.map((row: { blackUserInfo: { userID: string } }) => row.blackUserInfo.userID),
      asked: asked.friendRequests.map((row: Answered & { toUserID: string }) => [row.toUserID, row.handleResult]),
      applied: applied.groupRequests.map((row: Answered) => row.handleResult),
      groups: Object.values(groups.groups).map(({ groupName, status, ownerUserID }) => ({
        ...{ groupName, status, ownerUserID },
      })),
      members: Object.values(groups.members).map((members) =>
        Object.values(members)
          .map((member) => [member.userID, member.roleLevel, member.nickname, member.muteEndTime > 0])
          .toSorted(),
      ),
      chats: await this.#chatsOf(actor, views),
    }
  }

  async #chatsOf({ userID, device }: Actor, views: readonly View[]): Promise<object> {
    const chats = views
      .filter(({ conversationID }) => /^s[ig]_/.test(conversationID))
      .toSorted((a, b) => (a.conversationID < b.conversationID ? -1 : 1))
    const seqRanges = chats.map(({ conversationID }) => ({ conversationID, begin: 1, end: 1_000, num: 1_000 }))
    const request = PullMessageBySeqsReq.encode({ userID, seqRanges, order: 0 }).finish()
    const { msgs } = PullMessageBySeqsResp.decode((await device.request(WsRequestID.PullMsgByRange, request)).data)
    return chats.map(({ conversationID, maxSeq, hasReadSeq, minSeq }) => ({
      ...{ conversationID, maxSeq, hasReadSeq, minSeq },
      messages: (msgs[conversationID]?.Msgs ?? []).map(
        (msg) => `${msg.seq} ${msg.sendID} ${msg.contentType} ${msg.status} ${msg.isRead} ${shownText(msg)}`,
      ),
    }))
  }
}

interface Answered {
  handleResult: number
}

interface View {
  conversationID: string
  maxSeq: number
  hasReadSeq: number
  minSeq: number
}

const idOf = (name: Name, round: number) => `${name}_${round}`

function shownText(msg: MsgData): string {
  if (msg.contentType !== ContentType.Text && msg.contentType !== ContentType.Quote) return ''
  const content = JSON.parse(new TextDecoder().decode(msg.content) || '{}')
  return `${content.content ?? content.text ?? ''} ${content.quoteMessage?.contentType ?? ''}`
}

/** How often a device was notified of each thing. Clients drop an event whose uuid they have seen. */
function notificationsOf(device: Device, before: number): Record<string, number> {
  const counts: Record<string, number> = {}
  const seen = new Set<string>()
  for (const { conversationID, msg } of device.received().slice(before)) {
    if (!conversationID.startsWith('n_')) continue
    const { detail } = JSON.parse(new TextDecoder().decode(msg.content))
    const { uuid = msg.clientMsgID } = JSON.parse(detail)
    if (seen.has(uuid)) continue
    seen.add(uuid)
    // The number of "conversation changed" notifications is not a promise: they only say that a list is to be read.
    if (msg.contentType === ContentType.ConversationChangeNotification) continue
    counts[msg.contentType] = (counts[msg.contentType] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => Number(a) - Number(b)))
}

/** Waits until the outcome is one of the expected ones. */
export async function expectOneOf(outcome: () => Promise<Outcome>, expected: readonly Outcome[]): Promise<void> {
  let last = ''
  const isExpected = async () => {
    last = await outcome()
    return expected.includes(last)
  }
  await until(isExpected, 3_000).catch(() => expect(expected).toContain(last))
}
