import { OLD_SENT_CONTENTS, SENT_CONTENTS } from '../../features/message/send/content.ts'
import { NOTIFICATION_TIPS } from '../../protocol/calls/notifications.ts'
import { ContentType } from '../../protocol/constants/content-type.ts'
import { answerSchema, COMPONENTS, type JsonSchema, requestSchema } from './json-schema.ts'
import { nameRequestCodes } from './number-codes.ts'

/*
 * Describes the content of messages by contentType: what backends send, from the schemas that validate it, and what
 * answers hold.
 */

const NAMES = new Map<number, string>(Object.entries(ContentType).map(([name, number]) => [number, name]))

/** `101 Text` */
const titleOf = (contentType: number) => `${contentType} ${NAMES.get(contentType)}`
const nameOf = (contentType: number) => `${NAMES.get(contentType)}Content`

const refTo = (name: string): JsonSchema => ({ $ref: COMPONENTS + name })

/** A text that is JSON. OpenAPI 3.1 takes these keywords from JSON Schema. */
const jsonText = (contentSchema: JsonSchema): JsonSchema => ({ contentMediaType: 'application/json', contentSchema })

/** The contents that differ in OpenIM's older API. */
const OLD_TYPES = Object.keys(OLD_SENT_CONTENTS)
  .map(Number)
  .filter((contentType) => OLD_SENT_CONTENTS[contentType] !== SENT_CONTENTS[contentType])

/** The calls that send a message whose content is an object. */
const SEND_CALLS: Readonly<Record<string, 'MessageToSend' | 'OldMessageToSend'>> = {
  '/msg/send_msg': 'MessageToSend',
  '/msg/batch_send_msg': 'MessageToSend',
  '/manager/send_msg': 'OldMessageToSend',
}

/** The schemas of contents, and of the fields that a message of each contentType has. */
export function contentSchemas(): Record<string, JsonSchema> {
  const sent = Object.keys(SENT_CONTENTS).map(Number)
  const nameInOld = (contentType: number) => (OLD_TYPES.includes(contentType) ? 'Old' : '') + nameOf(contentType)
  const tips = Object.entries(NOTIFICATION_TIPS).map(([key, schema]) => [Number(key), schema] as const)
  const isOA = (contentType: number) => contentType === ContentType.OANotification
  const notification = (contentType: number, detail: JsonSchema): [string, JsonSchema] => [
    `${isOA(contentType) ? 'Stored' : ''}${nameOf(contentType)}`,
    {
      title: titleOf(contentType),
      type: 'object',
      required: ['detail'],
      properties: { detail: { type: 'string', ...jsonText(detail) } },
    },
  ]
  return {
    MessageToSend: oneOf(sent, (contentType) => refTo(nameOf(contentType))),
    OldMessageToSend: oneOf(sent, (contentType) => refTo(nameInOld(contentType))),
    MessageContent: anyOf(sent, nameOf),
    OldMessageContent: anyOf(sent, nameInOld),
    ...Object.fromEntries(sent.map((contentType) => [nameOf(contentType), sentContent(SENT_CONTENTS, contentType)])),
    ...Object.fromEntries(OLD_TYPES.map((type) => [nameInOld(type), sentContent(OLD_SENT_CONTENTS, type)])),
    StoredMessage: storedMessage([
      ...sent.map((type) => [type, isOA(type) ? `Stored${nameOf(type)}` : nameOf(type)] as const),
      ...tips.map(([type]) => [type, nameOf(type)] as const),
    ]),
    ...Object.fromEntries([
      notification(ContentType.OANotification, refTo(nameOf(ContentType.OANotification))),
      ...tips.map(([contentType, schema]) => notification(contentType, answerSchema(schema))),
    ]),
  }
}

function sentContent(contents: typeof SENT_CONTENTS, contentType: number): JsonSchema {
  const schema = contents[contentType]
  if (!schema) throw new Error(`no schema validates the content of contentType ${contentType}`)
  const described = requestSchema(schema)
  nameRequestCodes(described, nameOf(contentType))
  return { title: titleOf(contentType), ...described }
}

/** One alternative for each contentType; the constant makes exactly one of them fit. */
function oneOf(contentTypes: readonly number[], contentOf: (contentType: number) => JsonSchema): JsonSchema {
  return {
    oneOf: contentTypes.map((contentType) => ({
      title: titleOf(contentType),
      properties: { contentType: { const: contentType }, content: contentOf(contentType) },
    })),
  }
}

/** Several contents may fit an object, so only the contentType decides which one is meant. */
function anyOf(contentTypes: readonly number[], name: (contentType: number) => string): JsonSchema {
  return {
    description: 'the contentType decides which of these it is',
    anyOf: contentTypes.map((contentType) => ({ title: titleOf(contentType), ...refTo(name(contentType)) })),
  }
}

/** The content of a message in an answer is a text. Clients may have written contents of other kinds. */
function storedMessage(contents: readonly (readonly [contentType: number, name: string])[]): JsonSchema {
  const known = new Map(contents)
  const { oneOf: alternatives = [] } = oneOf([...known.keys()], (type) => jsonText(refTo(known.get(type) ?? '')))
  const other = { title: 'another kind', properties: { contentType: { not: { enum: [...known.keys()] } } } }
  return {
    description: 'Names the JSON in `content` by contentType. A device may leave out fields that a backend must give.',
    oneOf: [...alternatives, other],
  }
}

/** Says what `content` of a send call holds. */
export function describeSentContent(body: JsonSchema, path: string): void {
  const call = SEND_CALLS[path]
  if (!call || !body.properties) return
  body.properties.content = refTo(call === 'MessageToSend' ? 'MessageContent' : 'OldMessageContent')
  body.allOf = [refTo(call)]
}

/** Says what `content` of a message in an answer holds. */
export function describeStoredContent(schema: JsonSchema): void {
  const { contentType, content } = schema.properties ?? {}
  if (!contentType || content?.type !== 'string') return
  content.contentMediaType = 'application/json'
  schema.allOf = [refTo('StoredMessage')]
}
