import { ContentType } from '../../../../src/protocol/constants/content-type.ts'
import type { Content, Mention, Message, Outgoing, Picture, QuotedMessage } from '../types.ts'

/*
 * The contents of messages: OpenIM's JSON objects, one shape per contentType, to and from the typed contents of this client.
 */

/** Stands for all members in the list of mentioned users. */
const AT_ALL = 'AtAllTag'

/** The JSON object of a content, or of a nested message, whose fields may be missing. */
type Json = Readonly<Record<string, unknown>>

/** The keys under which a nested message holds the object of its contentType. */
const ELEMENTS: Readonly<Record<number, string>> = {
  101: 'textElem',
  102: 'pictureElem',
  103: 'soundElem',
  104: 'videoElem',
  105: 'fileElem',
  106: 'atTextElem',
  107: 'mergeElem',
  108: 'cardElem',
  109: 'locationElem',
  110: 'customElem',
  114: 'quoteElem',
  115: 'faceElem',
  117: 'advancedTextElem',
  118: 'markdownTextElem',
  119: 'customElem',
  120: 'customElem',
}

/** Decodes the text of a message's content. `selfID` decides whether a mention is of this user. */
export function decodeContent(contentType: number, raw: string, selfID: string): Content {
  const json = parse(raw)
  return (json && contentOf(contentType, json, selfID)) ?? { kind: 'unknown', contentType, raw }
}

function contentOf(contentType: number, json: Json, selfID: string): Content | undefined {
  switch (contentType) {
    case ContentType.Text:
      return { kind: 'text', contentType, text: str(json.content) }
    case ContentType.AdvancedText:
      return { kind: 'text', contentType, text: str(json.text) }
    case ContentType.MarkdownText:
      return { kind: 'markdown', contentType, text: str(json.content) }
    case ContentType.Picture: {
      const source = picture(json.sourcePicture)
      const orSource = (other: Picture) => (other.url === '' ? source : other)
      const big = orSource(picture(json.bigPicture))
      const snapshot = orSource(picture(json.snapshotPicture))
      return { kind: 'picture', contentType, source, big, snapshot, sourcePath: str(json.sourcePath) }
    }
    case ContentType.Sound: {
      const file = { url: str(json.sourceUrl), size: num(json.dataSize), type: str(json.soundType) }
      return { kind: 'voice', contentType, ...file, seconds: num(json.duration), uuid: str(json.uuid) }
    }
    case ContentType.Video:
      return {
        kind: 'video',
        contentType,
        url: str(json.videoUrl),
        seconds: num(json.duration),
        size: num(json.videoSize),
        type: str(json.videoType),
        snapshotURL: str(json.snapshotUrl),
        width: num(json.snapshotWidth),
        height: num(json.snapshotHeight),
        uuid: str(json.videoUUID),
      }
    case ContentType.File: {
      const file = { url: str(json.sourceUrl), size: num(json.fileSize), type: str(json.fileType) }
      return { kind: 'file', contentType, ...file, name: str(json.fileName), uuid: str(json.uuid) }
    }
    case ContentType.AtText: {
      const atUserIDs = list(json.atUserList).map(str)
      const mentions = list(json.atUsersInfo).map((entry): Mention => {
        const info = object(entry)
        return { userID: str(info.atUserID), groupNickname: str(info.groupNickname) }
      })
      const isAtSelf = atUserIDs.includes(selfID) || atUserIDs.includes(AT_ALL)
      const quoted = json.quoteMessage ? quotedFrom(json.quoteMessage, selfID) : undefined
      return { kind: 'mention', contentType, text: str(json.text), mentions, atUserIDs, isAtSelf, quoted }
    }
    case ContentType.Merger: {
      const messages = list(json.multiMessage).map((struct) => messageFromStruct(object(struct), selfID))
      const summaries = list(json.abstractList).map(str)
      return { kind: 'merged', contentType, title: str(json.title), summaries, messages }
    }
    case ContentType.Card: {
      const user = { userID: str(json.userID), nickname: str(json.nickname), faceURL: str(json.faceURL) }
      return { kind: 'card', contentType, user: { ...user, ex: str(json.ex) } }
    }
    case ContentType.Location: {
      const place = { longitude: num(json.longitude), latitude: num(json.latitude) }
      return { kind: 'location', contentType, description: str(json.description), ...place }
    }
    case ContentType.Custom:
    case ContentType.CustomNotTriggerConversation:
    case ContentType.CustomOnlineOnly: {
      const fields = { data: str(json.data), description: str(json.description), extension: str(json.extension) }
      return { kind: 'custom', contentType, ...fields }
    }
    case ContentType.Quote:
      return { kind: 'quote', contentType, text: str(json.text), quoted: quotedFrom(json.quoteMessage, selfID) }
    case ContentType.Face:
      return { kind: 'face', contentType, index: num(json.index), data: str(json.data) }
    case ContentType.MsgRevokeNotification: {
      const detail = detailOf(json)
      return revokedContent(str(detail.revokerID), str(detail.revokerNickname), num(detail.revokeTime))
    }
    default:
      // Every other number from 1000 on is a notice; below, it is a kind that this client does not know.
      return contentType >= 1000 ? { kind: 'notice', contentType, detail: detailOf(json) } : undefined
  }
}

export function revokedContent(revokerID: string, revokerNickname: string, revokeTime: number): Content {
  return { kind: 'revoked', contentType: 2101, revokerID, revokerNickname, revokeTime }
}

/** The tips of a notification: JSON in the text `detail`. */
function detailOf(json: Json): Json {
  return parse(str(json.detail)) ?? {}
}

/** The tips in the text of a notification's content. */
export function tipsIn(raw: string): Json {
  return detailOf(parse(raw) ?? {})
}

/** The contentType and the JSON object of a content, as it is sent. */
export function encodeContent(content: Content): { contentType: number; json: Json } {
  const { contentType } = content
  return { contentType, json: jsonOf(content) }
}

function jsonOf(content: Content): Json {
  switch (content.kind) {
    case 'text':
      return content.contentType === 101 ? { content: content.text } : { text: content.text }
    case 'markdown':
      return { content: content.text }
    case 'picture': {
      const { source, big, snapshot, sourcePath } = content
      return { sourcePath, sourcePicture: source, bigPicture: big, snapshotPicture: snapshot }
    }
    case 'voice': {
      const { uuid, url, size, seconds, type } = content
      return { uuid, soundPath: '', sourceUrl: url, dataSize: size, duration: seconds, soundType: type }
    }
    case 'video':
      return {
        videoPath: '',
        videoUUID: content.uuid,
        videoUrl: content.url,
        videoType: content.type,
        videoSize: content.size,
        duration: content.seconds,
        snapshotPath: '',
        snapshotUUID: '',
        snapshotSize: 0,
        snapshotUrl: content.snapshotURL,
        snapshotWidth: content.width,
        snapshotHeight: content.height,
        snapshotType: '',
      }
    case 'file': {
      const { uuid, url, name, size, type } = content
      return { filePath: '', uuid, sourceUrl: url, fileName: name, fileSize: size, fileType: type }
    }
    case 'mention': {
      const { text, atUserIDs, mentions, isAtSelf, quoted } = content
      const atUsersInfo = mentions.map(({ userID, groupNickname }) => ({ atUserID: userID, groupNickname }))
      const quote = quoted ? { quoteMessage: structOfQuoted(quoted) } : {}
      return { text, atUserList: atUserIDs, atUsersInfo, isAtSelf, ...quote }
    }
    case 'merged': {
      const { title, summaries, messages } = content
      return { title, abstractList: summaries, multiMessage: messages.map(structOf) }
    }
    case 'card':
      return { ...content.user }
    case 'location': {
      const { description, longitude, latitude } = content
      return { description, longitude, latitude }
    }
    case 'custom': {
      const { data, description, extension } = content
      return { data, description, extension }
    }
    case 'quote':
      return { text: content.text, quoteMessage: structOfQuoted(content.quoted) }
    case 'face':
      return { index: content.index, data: content.data }
    case 'revoked': {
      const { revokerID, revokerNickname, revokeTime } = content
      return { detail: JSON.stringify({ revokerID, revokerNickname, revokeTime }) }
    }
    case 'notice':
      return { detail: JSON.stringify(content.detail) }
    case 'unknown':
      return parse(content.raw) ?? {}
  }
}

/** The content of a message to send, with the addresses of its uploaded files: the file first, then the snapshot. */
export function contentToSend(outgoing: Outgoing, selfID: string, urls: readonly string[] = []): Content {
  const [url = '', snapshotURL = ''] = urls
  switch (outgoing.kind) {
    case 'text':
      return { kind: 'text', contentType: 101, text: outgoing.text }
    case 'markdown':
      return { kind: 'markdown', contentType: 118, text: outgoing.text }
    case 'mention': {
      const { text, mentions, isAtAll, quoted } = outgoing
      const atUserIDs = [...mentions.map(({ userID }) => userID), ...(isAtAll ? [AT_ALL] : [])]
      const isAtSelf = atUserIDs.includes(selfID) || isAtAll === true
      const quote = quoted ? quotedOf(quoted) : undefined
      return { kind: 'mention', contentType: 106, text, mentions, atUserIDs, isAtSelf, quoted: quote }
    }
    case 'quote':
      return { kind: 'quote', contentType: 114, text: outgoing.text, quoted: quotedOf(outgoing.quoted) }
    case 'picture': {
      const { file, width = 0, height = 0 } = outgoing
      const { type, size } = file
      const source = { uuid: '', type, size, width, height, url }
      const snapshot = { ...source, url: url && `${url}?type=image&width=640&height=640` }
      return { kind: 'picture', contentType: 102, source, big: source, snapshot, sourcePath: '' }
    }
    case 'voice': {
      const { file, seconds } = outgoing
      return { kind: 'voice', contentType: 103, url, seconds, size: file.size, type: file.type, uuid: '' }
    }
    case 'video': {
      const { file, seconds, width = 0, height = 0 } = outgoing
      const { size, type } = file
      return { kind: 'video', contentType: 104, url, seconds, size, type, snapshotURL, width, height, uuid: '' }
    }
    case 'file': {
      const { file, name } = outgoing
      return { kind: 'file', contentType: 105, url, name, size: file.size, type: file.type, uuid: '' }
    }
    case 'merged': {
      const { title, summaries, messages } = outgoing
      return { kind: 'merged', contentType: 107, title, summaries, messages }
    }
    case 'card':
      return { kind: 'card', contentType: 108, user: outgoing.user }
    case 'location': {
      const { description, longitude, latitude } = outgoing
      return { kind: 'location', contentType: 109, description, longitude, latitude }
    }
    case 'custom': {
      const { data, description = '', extension = '' } = outgoing
      return { kind: 'custom', contentType: 110, data, description, extension }
    }
    case 'face':
      return { kind: 'face', contentType: 115, index: outgoing.index, data: outgoing.data }
  }
}

/** The text by which a message is found. */
export function searchTextOf(content: Content): string {
  switch (content.kind) {
    case 'text':
    case 'markdown':
    case 'mention':
    case 'quote':
      return content.text
    case 'file':
      return content.name
    case 'merged':
      return content.title
    case 'card':
      return content.user.nickname
    case 'location':
      return content.description
    default:
      return ''
  }
}

function quotedOf({ clientMsgID, seq, sendID, senderNickname, content }: Message): QuotedMessage {
  return { clientMsgID, seq, sendID, senderNickname, content: withoutQuote(content) }
}

/** A quote of a quote holds only the text, or contents would grow with every answer. */
function withoutQuote(content: Content): Content {
  if (content.kind === 'quote') return { kind: 'text', contentType: 101, text: content.text }
  return content.kind === 'mention' ? { ...content, quoted: undefined } : content
}

function quotedFrom(value: unknown, selfID: string): QuotedMessage {
  const { clientMsgID, seq, sendID, senderNickname, content } = messageFromStruct(object(value), selfID)
  return { clientMsgID, seq, sendID, senderNickname, content }
}

/** A nested message: OpenIM's MsgStruct. */
function messageFromStruct(struct: Json, selfID: string): Message {
  const contentType = num(struct.contentType)
  const element = struct[ELEMENTS[contentType] ?? 'notificationElem']
  const content = element
    ? contentOf(contentType, object(element), selfID)
    : decodeContent(contentType, str(struct.content), selfID)
  return {
    clientMsgID: str(struct.clientMsgID),
    serverMsgID: str(struct.serverMsgID),
    conversationID: '',
    seq: num(struct.seq),
    sendID: str(struct.sendID),
    recvID: str(struct.recvID),
    groupID: str(struct.groupID),
    senderNickname: str(struct.senderNickname),
    senderFaceURL: str(struct.senderFaceUrl),
    sendTime: num(struct.sendTime),
    content: content ?? { kind: 'unknown', contentType, raw: JSON.stringify(element ?? '') },
    status: 'sent',
    isRead: struct.isRead === true,
    ex: str(struct.ex),
  }
}

function structOf(message: Message): Json {
  const { contentType, json } = encodeContent(message.content)
  return {
    ...structOfQuoted(message),
    serverMsgID: message.serverMsgID,
    createTime: message.sendTime,
    sendTime: message.sendTime,
    sessionType: message.groupID === '' ? 1 : 3,
    recvID: message.recvID,
    groupID: message.groupID,
    msgFrom: 100,
    senderFaceUrl: message.senderFaceURL,
    isRead: message.isRead,
    status: 2,
    ex: message.ex,
    [ELEMENTS[contentType] ?? 'notificationElem']: json,
  }
}

function structOfQuoted({ clientMsgID, seq, sendID, senderNickname, content }: QuotedMessage): Json {
  const { contentType, json } = encodeContent(content)
  const element = ELEMENTS[contentType] ?? 'notificationElem'
  return { clientMsgID, seq, sendID, senderNickname, contentType, [element]: json }
}

function picture(value: unknown): Picture {
  const { uuid, type, size, width, height, url } = object(value)
  const file = { uuid: str(uuid), type: str(type), size: num(size), url: str(url) }
  return { ...file, width: num(width), height: num(height) }
}

/** Undefined for a text that is not a JSON object: what another client sent can be anything. */
function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function str(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function num(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
