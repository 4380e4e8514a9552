import { z } from 'zod'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MAX_PARTICIPANT_ID } from '../limits.ts'
import type { Content } from '../schema.ts'

/*
 * Checks the content of messages that an app backend sends: the allowed content types and the fields of each. Clients
 * get the object as the backend wrote it, unknown fields included. OpenIM answers 500 for an invalid content; here the
 * answer is 1001 with the field's name, because the backend has to correct its request.
 */

const MAX_AT_USERS = 1_000

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
  [ContentType.Custom]: z.looseObject({ data: text(true), description: text(false), extension: text(false) }),
  [ContentType.Quote]: z.looseObject({ text: text(false), quoteMessage: anObject() }),
  [ContentType.MarkdownText]: z.looseObject({ content: text(true) }),
  [ContentType.OANotification]: notification(true),
}

/** OpenIM's older API accepts fewer content types, and notifications with incomplete elements. */
const OLD_SHAPES: Readonly<Record<number, z.ZodType>> = {
  [ContentType.Text]: z.looseObject({ text: text(true) }),
  [ContentType.Picture]: picture(true),
  [ContentType.Sound]: sound(true),
  [ContentType.Video]: video(true),
  [ContentType.File]: file(true),
  [ContentType.Custom]: z.looseObject({ data: text(true), description: text(false), extension: text(false) }),
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
