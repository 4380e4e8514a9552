import { Reliability } from '../../features/message/schema.ts'
import { ReadersFilter } from '../../features/message/state/schema.ts'
import { UsedFor } from '../../features/verification/schema.ts'
import { AccountLevel, AccountStatus } from '../../protocol/constants/account-level.ts'
import { ContentType, MixType } from '../../protocol/constants/content-type.ts'
import { FriendSource } from '../../protocol/constants/friend.ts'
import {
  GroupAtType,
  GroupRole,
  GroupStatus,
  GroupType,
  JoinSource,
  MemberFilter,
  MemberRight,
  ReceiverAs,
  Verification,
} from '../../protocol/constants/group.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { MessageStatus, MsgFrom, PullOrder, SendStatus } from '../../protocol/constants/message-status.ts'
import { Platform } from '../../protocol/constants/platform.ts'
import { Genre, Presence } from '../../protocol/constants/presence.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { COMPONENTS, type JsonSchema } from './json-schema.ts'

/*
 * Names the numbers in the OpenAPI document that stand for something. The values and names are the constants that the
 * code uses; this file adds their meanings and the fields that hold them.
 */

/** The numbers of one kind. */
interface Codes {
  values: readonly { value: number; name: string; meaning: string }[]
  /** Says which other numbers an answer may hold; null when it holds only the named ones. */
  others: string | null
}

function codes<T extends Record<string, number>>(
  constants: T,
  meanings: Record<keyof T, string>,
  others: string | null = null,
): Codes {
  const values = Object.entries(constants).map(([name, value]) => ({ value, name, meaning: meanings[name] ?? '' }))
  return { values: values.sort((a, b) => a.value - b.value), others }
}

/** `FriendApplicationNotification` → `friend application notification`. */
const inWords = (name: string) => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()

/** The meanings of constants whose names say everything. */
const byName = <T extends Record<string, number>>(constants: T) =>
  Object.fromEntries(Object.keys(constants).map((name) => [name, inWords(name)])) as Record<keyof T, string>

const PLATFORMS = {
  ...{ IOS: 'iPhone', Android: 'Android phone', Windows: 'Windows', OSX: 'macOS', Web: 'browser' },
  ...{ MiniWeb: 'mini program', Linux: 'Linux', AndroidPad: 'Android tablet', IPad: 'iPad' },
  ...{ Admin: 'app backend', HarmonyOS: 'HarmonyOS' },
}

const CODES = {
  AccountLevel: codes(
    AccountLevel,
    {
      Person: 'a user; 0 means the same',
      Admin: 'an administrator of the app',
      NotificationAccount: 'an account in whose name the app sends messages',
      Robot: 'a robot of the app',
    },
    'another account of the app',
  ),
  AccountStatus: codes(AccountStatus, { Unregistered: 'not registered', Registered: 'registered' }),
  ContentType: codes(ContentType, byName(ContentType), 'a kind that the app chose itself'),
  FriendSource: codes(FriendSource, {
    None: 'not a friendship',
    Import: 'made by the app, without a request',
    Request: 'made by a friend request',
  }),
  Genre: codes(Genre, { Subscribe: 'subscribe', Unsubscribe: 'unsubscribe' }),
  GroupAtType: codes(GroupAtType, {
    None: 'no mention',
    Me: 'the owner of the conversation is mentioned',
    All: 'all members are mentioned',
    AllAndMe: 'all members and the owner of the conversation are mentioned',
    Announcement: 'the group has a new announcement',
  }),
  GroupRole: codes(GroupRole, { Owner: 'owner', Admin: 'administrator', Member: 'ordinary member' }),
  GroupStatus: codes(GroupStatus, {
    InUse: 'in use',
    Banned: 'banned',
    Dismissed: 'dismissed',
    Muted: 'only the owner and administrators may send messages',
  }),
  GroupType: codes(GroupType, { None: 'not in a group', Working: 'the only kind of group' }),
  HandleResult: codes(HandleResult, { Refused: 'refused', Pending: 'not answered', Agreed: 'accepted' }),
  JoinSource: codes(JoinSource, {
    Direct: 'joined directly',
    ByAdmin: 'added by an administrator',
    Invitation: 'invited by a member',
    Search: 'found by search',
    QrCode: 'by a QR code',
  }),
  MemberFilter: codes(MemberFilter, {
    All: 'all members',
    Owner: 'the owner',
    Admins: 'administrators',
    Members: 'ordinary members',
    MembersAndAdmins: 'ordinary members and administrators',
    OwnerAndAdmins: 'the owner and administrators',
  }),
  MemberRight: codes(MemberRight, { Allowed: 'members may do this', Forbidden: 'members may not do this' }),
  MessageStatus: codes(
    MessageStatus,
    { Sending: 'not yet stored', Sent: 'sent', Failed: 'failed', Deleted: 'deleted, or a seq without a message' },
    'a number that a webhook set',
  ),
  MixType: codes(MixType, {
    Text: 'only the text',
    Picture: '`pictureElem`',
    Video: '`videoElem`',
    File: '`fileElem`',
    Sound: '`soundElem`',
    SoundAndPicture: '`soundElem` and `pictureElem`',
  }),
  MsgFrom: codes(
    MsgFrom,
    { User: 'sent by a device', System: 'sent by the service or by the app server' },
    'a number that a webhook set',
  ),
  PlatformID: codes(Platform, PLATFORMS),
  Presence: codes(Presence, { Offline: 'no device is connected', Online: 'at least one device is connected' }),
  PullOrder: codes(PullOrder, { Asc: '`isEnd` refers to the newest message', Desc: '`isEnd` refers to the oldest' }),
  ReadersFilter: codes(ReadersFilter, { HasRead: 'members who read it', HasNotRead: 'members who did not read it' }),
  ReceiveOption: codes(ReceiveOption, {
    Notify: 'receive messages, with a push to offline devices',
    Block: 'refuse messages',
    Silent: 'receive messages without a push',
  }),
  ReceiverAs: codes(ReceiverAs, { Applicant: 'asked to join', Manager: 'may answer the request' }),
  Reliability: codes(Reliability, { OnlineOnly: 'to online devices only', Stored: 'stored for offline devices, too' }),
  RevokerRole: codes(
    { None: 0, ...GroupRole },
    { None: 'no member of the group', Owner: 'owner', Admin: 'administrator', Member: 'ordinary member' },
  ),
  SenderPlatformID: codes({ None: 0, ...Platform }, { None: 'no device', ...PLATFORMS }),
  SendStatus: codes(SendStatus, { Unknown: 'no such call is known', Sent: 'the message is sent' }),
  SessionType: codes(SessionType, {
    Single: 'a chat of two users',
    WriteGroup: "OpenIM's old kind of group, which is refused",
    Group: 'a group',
    Notification: 'messages of a notification account to a user',
  }),
  Verification: codes(Verification, {
    Applications: 'applications to join need approval',
    All: 'applications and invitations need approval',
    None: 'nothing needs approval',
  }),
  UsedFor: codes(UsedFor, { Register: 'to register', ResetPassword: 'to reset a password', Login: 'to log in' }),
} as const satisfies Record<string, Codes>

type CodesName = keyof typeof CODES

/** The fields that hold a code; lists of codes, too. */
const FIELDS: Readonly<Record<string, CodesName>> = {
  accountStatus: 'AccountStatus',
  addSource: 'FriendSource',
  appManagerLevel: 'AccountLevel',
  appMangerLevel: 'AccountLevel',
  applyMemberFriend: 'MemberRight',
  contentType: 'ContentType',
  conversationType: 'SessionType',
  genre: 'Genre',
  globalRecvMsgOpt: 'ReceiveOption',
  groupAtType: 'GroupAtType',
  groupType: 'GroupType',
  handleResult: 'HandleResult',
  handleResults: 'HandleResult',
  joinSource: 'JoinSource',
  lookMemberInfo: 'MemberRight',
  mixType: 'MixType',
  msgFrom: 'MsgFrom',
  needVerification: 'Verification',
  order: 'PullOrder',
  platform: 'SenderPlatformID',
  platformID: 'PlatformID',
  platformIDs: 'PlatformID',
  receiverAs: 'ReceiverAs',
  recvMsgOpt: 'ReceiveOption',
  reliabilityLevel: 'Reliability',
  revokerRole: 'RevokerRole',
  roleLevel: 'GroupRole',
  senderPlatformID: 'SenderPlatformID',
  sessionType: 'SessionType',
  // OpenIM: the typo is on the wire.
  sesstionType: 'SessionType',
  usedFor: 'UsedFor',
}

/** Fields whose code depends on the call, or on the named schema, that has the field. */
const PLACES: Readonly<Record<string, CodesName>> = {
  'ChatLog.status': 'MessageStatus',
  'GroupInfo.status': 'GroupStatus',
  'MsgData.status': 'MessageStatus',
  'OnlineStatus.status': 'Presence',
  'UserOnlineConnections.status': 'Presence',
  'UserOnlineTokens.status': 'Presence',
  '/group/get_group_member_list.filter': 'MemberFilter',
  '/msg/check_msg_is_send_success.status': 'SendStatus',
  '/msg/get_group_message_readers.filter': 'ReadersFilter',
}

/** The schemas that name the numbers of an answer. */
export function codeSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(CODES).map(([name, given]) => [name, codeSchema(given)]))
}

function codeSchema({ values, others }: Codes): JsonSchema {
  if (others === null) return { type: 'integer', ...enumOf(values), description: table(values) }
  return {
    type: 'integer',
    anyOf: [
      ...values.map(({ value, name, meaning }) => ({ const: value, title: name, description: meaning })),
      { type: 'integer', title: others },
    ],
  }
}

const enumOf = (values: Codes['values']) => ({
  enum: values.map(({ value }) => value),
  'x-enum-varnames': values.map(({ name }) => name),
  'x-enum-descriptions': values.map(({ meaning }) => meaning),
})

const table = (values: Codes['values']) =>
  values.map(({ value, name, meaning }) => `${value} ${name}: ${meaning}`).join('; ')

/**
 * Names the codes in a schema.
 * @param place the path of a call, or the name of a schema
 * @param name says how a field is described
 */
function nameCodes(schema: JsonSchema, place: string, name: (field: JsonSchema, codes: CodesName) => JsonSchema): void {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const known = PLACES[`${place}.${key}`] ?? FIELDS[key]
    if (known && schema.properties && isInteger(field)) schema.properties[key] = name(field, known)
    else if (known && field.items && isInteger(field.items)) field.items = name(field.items, known)
    else nameCodes(field, place, name)
  }
  for (const part of [schema.items, ...(schema.anyOf ?? [])]) if (part) nameCodes(part, place, name)
}

const isInteger = ({ type }: JsonSchema) => [type].flat().includes('integer')

/** Replaces the integers of an answer by references to the schemas that name them. */
export function nameAnswerCodes(schema: JsonSchema, place: string): void {
  nameCodes(schema, place, ({ description }, name) => ({
    $ref: COMPONENTS + name,
    ...(description && { description }),
  }))
}

/** Names the numbers that each field of a request accepts. */
export function nameRequestCodes(schema: JsonSchema, path: string): void {
  nameCodes(schema, path, ({ minimum, maximum, const: only, ...field }, name) => {
    const { values } = CODES[name]
    const accepted = only === undefined ? field.enum : [only]
    if (accepted)
      return withEnum(
        field,
        values.filter(({ value }) => accepted.includes(value)),
      )
    if (typeof minimum === 'number' && typeof maximum === 'number')
      return withEnum(
        field,
        values.filter(({ value }) => value >= minimum && value <= maximum),
      )
    const words = name === 'ContentType' ? 'a number of ContentType' : table(values)
    return {
      ...field,
      ...(minimum !== undefined && { minimum }),
      ...(maximum !== undefined && { maximum }),
      description: words,
    }
  })
}

function withEnum(field: JsonSchema, values: Codes['values']): JsonSchema {
  const named = { ...field, ...enumOf(values), description: table(values) }
  if (!Array.isArray(field.type)) return named
  return {
    ...named,
    enum: [...named.enum, null],
    'x-enum-varnames': [...named['x-enum-varnames'], 'Null'],
    'x-enum-descriptions': [...named['x-enum-descriptions'], 'the same as an absent field'],
  }
}
