import { z } from 'zod'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MAX_PARTICIPANT_ID } from '../limits.ts'
import type { Content } from '../schema.ts'

/*
 * Checks the content of messages that an app backend sends: every kind that clients can send, and its fields. Clients
 * get the object as the backend wrote it, unknown fields included. OpenIM answers 500 for an invalid content; here the
 * answer is 1001 with the field's name, because the backend has to correct its request.
 */

const MAX_AT_USERS = 1_000
/** The most messages in a merged message, and the most lines of its summary. */
const MAX_MERGED = 1_000
const MAX_ENTITIES = 1_000
const MAX_LONGITUDE = 180
const MAX_LATITUDE = 90

/** A string: required and not empty, or optional. */
const text = (needed: boolean) => (needed ? z.string().min(1, { error: 'it must not be empty' }) : z.string().nullish())

/** An integer: required and not 0, or optional. */
const whole = (needed: boolean) =>
  needed ? z.int().refine((given) => given !== 0, { error: 'it must not be 0' }) : z.int().nullish()

const anObject = () => z.record(z.string(), z.unknown()).nullish()

/*
 * Each element has two schemas. As the content of a message, the element must be complete. Inside a notification whose
 * mixType does not show it, backends send the element with all fields empty.
 */
const image = (complete: boolean) =>
  z.looseObject({
    uuid: text(false),
    type: text(complete),
    size: whole(false),
    width: whole(complete),
    height: whole(complete),
    url: text(complete),
  })

const maybe = <S extends z.ZodType>(complete: boolean, schema: S) => (complete ? schema : schema.nullish())

const picture = (complete: boolean) =>
  z.looseObject({
    sourcePath: text(false),
    sourcePicture: maybe(complete, image(complete)),
    bigPicture: maybe(complete, image(complete)),
    snapshotPicture: maybe(complete, image(complete)),
  })

const sound = (complete: boolean) =>
  z.looseObject({
    uuid: text(false),
    soundPath: text(false),
    sourceUrl: text(complete),
    dataSize: whole(false),
    duration: complete ? z.int().min(1) : whole(false),
  })

const video = (complete: boolean) =>
  z.looseObject({
    videoPath: text(false),
    videoUUID: text(false),
    videoUrl: text(complete),
    videoType: text(complete),
    videoSize: whole(complete),
    duration: whole(complete),
    snapshotPath: text(false),
    snapshotUUID: text(false),
    snapshotSize: whole(false),
    snapshotUrl: text(complete),
    snapshotWidth: whole(complete),
    snapshotHeight: whole(complete),
  })

const file = (complete: boolean) =>
  z.looseObject({
    filePath: text(false),
    uuid: text(false),
    sourceUrl: text(complete),
    fileName: text(complete),
    fileSize: whole(complete),
  })

/** The elements that a notification of each mixType shows. */
const MIXES: readonly (readonly (keyof typeof ELEMENTS)[])[] = [
  [],
  ['pictureElem'],
  ['videoElem'],
  ['fileElem'],
  ['soundElem'],
  ['soundElem', 'pictureElem'],
]
const ELEMENTS = { pictureElem: picture, soundElem: sound, videoElem: video, fileElem: file }

/** @param complete true: shown elements must have all their fields; false: shown elements must be present */
const notification = (complete: boolean) =>
  z
    .looseObject({
      notificationName: text(true),
      notificationFaceURL: text(false),
      notificationType: complete ? whole(true) : whole(false),
      text: text(true),
      url: text(false),
      externalUrl: text(false),
      mixType: z
        .int()
        .min(0)
        .max(MIXES.length - 1)
        .nullish(),
      pictureElem: picture(false).nullish(),
      soundElem: sound(false).nullish(),
      videoElem: video(false).nullish(),
      fileElem: file(false).nullish(),
      ex: text(false),
    })
    .superRefine((given, check) => {
      for (const name of MIXES[given.mixType ?? 0] ?? []) {
        const shown = ELEMENTS[name](complete).safeParse(given[name])
        if (shown.success) continue
        const [issue] = shown.error.issues
        check.addIssue({ code: 'custom', path: [name, ...(issue?.path ?? [])], message: issue?.message ?? '' })
      }
    })

/** Marks in a text, such as links. Their offsets count characters of the text. */
const entities = () =>
  z
    .array(
      z.looseObject({
        type: text(false),
        offset: z.int().min(0).nullish(),
        length: z.int().min(0).nullish(),
        url: text(false),
        ex: text(false),
      }),
    )
    .max(MAX_ENTITIES)
    .nullish()

const custom = () => z.looseObject({ data: text(true), description: text(false), extension: text(false) })

/** A number with a fraction: degrees of a position. */
const degrees = (max: number) => z.number().min(-max).max(max)

const SHAPES: Readonly<Record<number, z.ZodType>> = {
  [ContentType.Text]: z.looseObject({ content: text(true) }),
  [ContentType.Picture]: picture(true),
  [ContentType.Sound]: sound(true),
  [ContentType.Video]: video(true),
  [ContentType.File]: file(true),
  [ContentType.AtText]: z.looseObject({
    text: text(false),
    atUserList: z.array(z.string().max(MAX_PARTICIPANT_ID)).max(MAX_AT_USERS),
    atUsersInfo: z.array(z.looseObject({ atUserID: text(false), groupNickname: text(false) })).nullish(),
    quoteMessage: anObject(),
    isAtSelf: z.boolean().nullish(),
  }),
  [ContentType.Merger]: z.looseObject({
    title: text(true),
    abstractList: z.array(z.string()).max(MAX_MERGED).nullish(),
    multiMessage: z.array(z.record(z.string(), z.unknown())).min(1).max(MAX_MERGED),
    messageEntityList: entities(),
  }),
  [ContentType.Card]: z.looseObject({
    userID: text(true),
    nickname: text(false),
    faceURL: text(false),
    ex: text(false),
  }),
  [ContentType.Location]: z.looseObject({
    description: text(false),
    longitude: degrees(MAX_LONGITUDE),
    latitude: degrees(MAX_LATITUDE),
  }),
  [ContentType.Custom]: custom(),
  [ContentType.Typing]: z.looseObject({ msgTips: text(true) }),
  [ContentType.Quote]: z.looseObject({ text: text(false), quoteMessage: anObject(), messageEntityList: entities() }),
  [ContentType.Face]: z
    .looseObject({ index: z.int().nullish(), data: text(false) })
    .refine(({ index, data }) => typeof index === 'number' || Boolean(data), {
      path: ['index'],
      error: 'give the index of the face, or its data',
    }),
  [ContentType.AdvancedText]: z.looseObject({ text: text(true), messageEntityList: entities() }),
  [ContentType.MarkdownText]: z.looseObject({ content: text(true) }),
  [ContentType.CustomNotTriggerConversation]: custom(),
  [ContentType.OANotification]: notification(true),
}

/** OpenIM's older API: a text may be in `text`, and the elements of a notification may be incomplete. */
const OLD_SHAPES: Readonly<Record<number, z.ZodType>> = {
  ...SHAPES,
  [ContentType.Text]: z
    .looseObject({ text: text(false), content: text(false) })
    .refine((given) => Boolean(given.text || given.content), { path: ['text'], error: 'it must not be empty' }),
  [ContentType.OANotification]: notification(false),
}

/** @throws ImError 1001 unless backends may send this content type and the content has the required fields */
export function requireContent(
  { contentType, content }: { contentType: number; content: Content },
  api: 'current' | 'old' = 'current',
): void {
  const shapes = api === 'old' ? OLD_SHAPES : SHAPES
  const shape = Object.hasOwn(shapes, contentType) ? shapes[contentType] : undefined
  if (!shape) throw ImError.args(`contentType: it must be one of ${Object.keys(shapes).join(', ')}`)
  const [issue] = shape.safeParse(content).error?.issues ?? []
  if (issue) throw ImError.args(`${['content', ...issue.path.map(String)].join('.')}: ${issue.message}`)
}

const utf8 = new TextEncoder()

/**
 * Encodes the content for clients: the element itself, or for a notification an element with the object as JSON text.
 */
export function encodeContent(contentType: number, content: Content): Uint8Array {
  const element = asJson(content)
  const json = contentType === ContentType.OANotification ? asJson({ detail: element }) : element
  return utf8.encode(json)
}

function asJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    // The value is nested too deeply, or contains a BigInt, which JSON.stringify refuses.
    throw ImError.args('content: it cannot be written as JSON')
  }
}
