import { beforeAll, describe, expect, it } from 'vitest'
import { expectTexts } from './rig/chats.ts'
import {
  type Client,
  chatIDOf,
  inHistory,
  type Message,
  received,
  receivedBy,
  reported,
  send,
  wholeHistory,
} from './rig/client.ts'
import { PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, type SdkName, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** A kind of message: the field with its content in the SDKs' messages, and how an app makes one. */
interface Kind {
  name: string
  contentType: number
  element: string
  create: string
  /** The argument of the create function; some kinds refer to an earlier message. */
  given: (earlier: Message) => unknown
  /** Absent when both SDKs can make this kind. */
  madeBy?: SdkName
  /** The field for the content in an SDK without this element. */
  shownBy?: Partial<Record<SdkName, string>>
}

const picture = (name: string, width: number, height: number) => ({
  uuid: `uuid-${name}`,
  type: 'image/png',
  size: 4_096,
  width,
  height,
  url: `https://files.example/${name}.png?sig=a%2Fb&n=1`,
})

const KINDS: Kind[] = [
  {
    name: 'a text',
    contentType: 101,
    element: 'textElem',
    create: 'createTextMessage',
    given: () => 'grüße, 世界 👩‍👩‍👧 "quoted" \\ \n\t<b>&amp;</b>',
  },
  {
    name: 'a picture',
    contentType: 102,
    element: 'pictureElem',
    create: 'createImageMessageByURL',
    given: () => ({
      sourcePath: '/photos/cat.png',
      sourcePicture: picture('source', 4_000, 3_000),
      bigPicture: picture('big', 2_000, 1_500),
      snapshotPicture: picture('snapshot', 640, 480),
    }),
  },
  {
    name: 'a voice message',
    contentType: 103,
    element: 'soundElem',
    create: 'createSoundMessageByURL',
    given: () => ({
      uuid: 'uuid-sound',
      soundPath: '/recordings/1.m4a',
      sourceUrl: 'https://files.example/1.m4a',
      dataSize: 12_345,
      duration: 7,
      soundType: 'audio/mp4',
    }),
  },
  {
    name: 'a video',
    contentType: 104,
    element: 'videoElem',
    create: 'createVideoMessageByURL',
    given: () => ({
      videoPath: '/videos/1.mp4',
      videoUUID: 'uuid-video',
      videoUrl: 'https://files.example/1.mp4',
      videoType: 'video/mp4',
      videoSize: 9_876_543_210,
      duration: 61,
      snapshotPath: '/videos/1.png',
      snapshotUUID: 'uuid-still',
      snapshotSize: 2_048,
      snapshotUrl: 'https://files.example/1.png',
      snapshotWidth: 1_920,
      snapshotHeight: 1_080,
    }),
  },
  {
    name: 'a file',
    contentType: 105,
    element: 'fileElem',
    create: 'createFileMessageByURL',
    given: () => ({
      filePath: '/documents/plan.pdf',
      fileName: 'plan – final (2).pdf',
      uuid: 'uuid-file',
      sourceUrl: 'https://files.example/plan.pdf',
      fileSize: 1_048_576,
      fileType: 'application/pdf',
    }),
  },
  {
    name: 'merged messages',
    contentType: 107,
    element: 'mergeElem',
    create: 'createMergerMessage',
    given: ({ whole }) => ({ messageList: [whole, whole], title: 'what we said', summaryList: ['one', 'two'] }),
  },
  {
    name: 'a business card',
    contentType: 108,
    element: 'cardElem',
    create: 'createCardMessage',
    given: () => ({ userID: 'carol', nickname: 'Carol ☕', faceURL: 'https://faces.example/carol.png', ex: '{"a":1}' }),
  },
  {
    name: 'a location',
    contentType: 109,
    element: 'locationElem',
    create: 'createLocationMessage',
    given: () => ({ description: '{"name":"Café"}', longitude: -73.985_656_1, latitude: 40.748_433 }),
  },
  {
    name: "an app's own message",
    contentType: 110,
    element: 'customElem',
    create: 'createCustomMessage',
    given: () => ({ data: '{"order":[1,2,{"x":null}]}', extension: 'ext', description: 'a deal' }),
  },
  {
    name: 'a quote',
    contentType: 114,
    element: 'quoteElem',
    create: 'createQuoteMessage',
    given: ({ whole }) => ({ text: 'about this', message: JSON.stringify(whole) }),
  },
  {
    name: 'a face',
    contentType: 115,
    element: 'faceElem',
    create: 'createFaceMessage',
    given: () => ({ index: 3, data: '{"emoji":"[smile]"}' }),
  },
  {
    name: 'a text with links',
    contentType: 117,
    element: 'advancedTextElem',
    create: 'createAdvancedTextMessage',
    given: () => ({
      text: 'see example.com',
      messageEntityList: [{ type: 'url', offset: 4, length: 11, url: 'https://example.com', ex: 'e' }],
    }),
    madeBy: 'wasm-client-sdk',
    shownBy: { 'client-sdk': 'notificationElem' },
  },
  {
    name: 'a quote with links',
    contentType: 114,
    element: 'quoteElem',
    create: 'createAdvancedQuoteMessage',
    given: ({ whole }) => ({
      text: 'see example.com',
      message: whole,
      messageEntityList: [{ type: 'url', offset: 4, length: 11, url: 'https://example.com', ex: '' }],
    }),
    madeBy: 'wasm-client-sdk',
  },
  {
    name: 'a forwarded message',
    contentType: 101,
    element: 'textElem',
    create: 'createForwardMessage',
    given: ({ whole }) => whole,
  },
]

describe.each(SDKS)('a message from %s', (sdk) => {
  const other = otherThan(sdk)
  const kinds = KINDS.filter(({ madeBy = sdk }) => madeBy === sdk)
  const sent = new Map<string, Promise<Message>>()
  let alice: Client
  let bob: Client
  let earlier: Message

  beforeAll(async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    alice = await scene.device(sdk, aliceID, { keepLoggedIn: true })
    bob = await scene.device(other, bobID, { keepLoggedIn: true })
    earlier = await alice.sendText(bobID, 'said before')
    await received(bob, 'said before')
  })

  /** Sends a message of this kind once, whichever tests run. */
  function sending({ name, create, given }: Kind): Promise<Message> {
    const message = sent.get(name) ?? send(alice, bob.userID, create, given(earlier))
    sent.set(name, message)
    return message
  }

  it.each(kinds)(`arrives unchanged on ${other}, live and in the history, when the content is $name`, async (kind) => {
    const { contentType, element, shownBy } = kind
    const message = await sending(kind)
    const made = message.whole[element]
    expect(made).toBeTruthy()
    const arrived = await reported(bob, message.clientMsgID)
    expect(arrived).toMatchObject({ contentType, serverMsgID: message.serverMsgID, sendTime: message.sendTime })
    expect(compact(arrived.whole[shownBy?.[other] ?? element])).toEqual(compact(made))
    for (const [client, peer, shown] of [
      [alice, bob.userID, element],
      [bob, alice.userID, shownBy?.[other] ?? element],
    ] as const) {
      const kept = await inHistory(client, peer, message.clientMsgID)
      expect(compact(kept.whole[shown])).toEqual(compact(made))
    }
  })

  it.each(SDKS)('is unchanged in the history of a later device when the message has %s', async (later) => {
    for (const kind of kinds) await sending(kind)
    const device = await scene.device(later, bob.userID, { platformID: PLATFORM.ipad })
    const history = await wholeHistory(device, alice.userID, kinds.length + 1)
    for (const kind of kinds) {
      const { clientMsgID, whole } = await sending(kind)
      const found = history.find((message) => message.clientMsgID === clientMsgID)
      expect(found?.contentType).toBe(kind.contentType)
      const shown = found?.whole[kind.shownBy?.[later] ?? kind.element]
      expect(compact(shown), kind.name).toEqual(compact(whole[kind.element]))
    }
    expect(device.errors).toEqual([])
  })

  it('has no seq and is not stored when the message is for online users only', async () => {
    const [carolID] = await scene.users('carol')
    // The JS SDK does not report messages for online users only.
    const carol = await scene.wasm(carolID)
    const message = await alice.call('createTextMessage', 'only now')
    await alice.call('sendMessage', { recvID: carolID, groupID: '', message, isOnlineOnly: true })
    expect(await received(carol, 'only now')).toMatchObject({ seq: 0 })

    expect(await alice.sendText(carolID, 'to keep')).toMatchObject({ status: 2 })
    expect(await received(carol, 'to keep')).toMatchObject({ seq: 1 })
    await expectTexts(carol, alice.userID, ['to keep'])
    const later = await scene.js(carolID, { platformID: PLATFORM.ipad })
    await expectTexts(later, alice.userID, ['to keep'])
  })

  it('is not stored when the message only reports typing', async () => {
    const conversationID = chatIDOf(alice.userID, bob.userID)
    const typing = (focus: boolean) => alice.call('changeInputStates', { conversationID, focus })
    const { mark } = bob.events
    await typing(true)
    const began = await bob.waitFor('OnConversationUserInputStatusChanged', undefined, undefined, mark)
    expect(began.data).toEqual({ conversationID, userID: alice.userID, platformIDs: [PLATFORM.web] })
    const { mark: since } = bob.events
    await typing(false)
    await bob.waitFor('OnConversationUserInputStatusChanged', undefined, undefined, since)

    const before = await wholeHistory(bob, alice.userID, 1 + (await Promise.all(sent.values())).length)
    const next = await alice.sendText(bob.userID, 'typed')
    expect(await reported(bob, next.clientMsgID)).toMatchObject({ seq: (before.at(-1)?.seq ?? 0) + 1 })
    expect(receivedBy(bob).filter(({ contentType }) => contentType === 113)).toEqual([])
  })
})

describe('a message from a backend', () => {
  it('arrives on both SDKs when the content is markdown, which no SDK can send', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const web = await scene.wasm(bobID)
    const desk = await scene.js(bobID, { platformID: PLATFORM.linux })
    const alice = await scene.raw(aliceID)
    const content = '{"content":"# Hello\\n*world*"}'
    const sent = await alice.deliverText(bobID, '', { contentType: 118, content: Buffer.from(content) })
    for (const device of [web, desk]) {
      const arrived = await reported(device, sent.clientMsgID)
      expect(arrived).toMatchObject({ contentType: 118, seq: 1 })
      expect(arrived.whole.notificationElem).toBeTruthy()
      expect(device.errors).toEqual([])
    }
  })
})

/** Removes empty fields at any depth, because the Go core omits them when it writes an element. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact)
  if (typeof value !== 'object' || value === null) return value
  const isEmpty = (field: unknown) => field === '' || field === null || (Array.isArray(field) && field.length === 0)
  const fields = Object.entries(value).map(([name, field]) => [name, compact(field)] as const)
  return Object.fromEntries(fields.filter(([, field]) => !isEmpty(field)))
}
