import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What has been stored, once per content however many names it has. */
export const fileContent = sqliteTable('file_content', {
  /** OpenIM's hash of a file, see `hash.ts`. */
  hash: text('hash').primaryKey(),
  storeKey: text('store_key').notNull(),
  size: integer('size').notNull(),
  createTime: integer('create_time').notNull(),
  /**
   * Of a picture, once somebody has looked: its media type, and its size in pixels, 0 when it cannot be read. The type of
   * what is no picture is "".
   */
  pictureType: text('picture_type'),
  pictureWidth: integer('picture_width'),
  pictureHeight: integer('picture_height'),
})

export type FileContentRow = typeof fileContent.$inferSelect

/** The names under which files are reached. */
export const fileObject = sqliteTable(
  'file_object',
  {
    name: text('name').primaryKey(),
    /** Who gave the name. */
    userID: text('user_id').notNull(),
    hash: text('hash').notNull(),
    contentType: text('content_type').notNull(),
    /** What the file is for, as the client says: `msg-picture`, `sdklog`. */
    cause: text('cause').notNull(),
    createTime: integer('create_time').notNull(),
  },
  (t) => [index('file_object_by_hash').on(t.hash), index('file_object_by_age').on(t.cause, t.createTime)],
)

export type FileObjectRow = typeof fileObject.$inferSelect

/** A file on its way. */
export const fileUpload = sqliteTable(
  'file_upload',
  {
    uploadID: text('upload_id').primaryKey(),
    userID: text('user_id').notNull(),
    /** "" while the content is not known: in a form upload until it is complete. */
    hash: text('hash').notNull(),
    size: integer('size').notNull(),
    partSize: integer('part_size').notNull(),
    contentType: text('content_type').notNull(),
    /** The store's ID of a file in parts; "" when it comes as a whole. */
    storeUploadID: text('store_upload_id').notNull(),
    expireTime: integer('expire_time').notNull(),
    completed: integer('completed', { mode: 'boolean' }).notNull(),
  },
  (t) => [
    index('file_upload_by_expiry').on(t.expireTime),
    index('file_upload_open').on(t.userID, t.expireTime).where(sql`completed = 0`),
  ],
)

export type FileUploadRow = typeof fileUpload.$inferSelect

/** What has arrived of it. */
export const filePart = sqliteTable(
  'file_part',
  {
    uploadID: text('upload_id').notNull(),
    partNumber: integer('part_number').notNull(),
    /** The store's tag of a part; the key, when the file came as a whole. */
    tag: text('tag').notNull(),
    /** In hex, of the part; in a form upload, OpenIM's hash of the whole. */
    md5: text('md5').notNull(),
  },
  (t) => [primaryKey({ columns: [t.uploadID, t.partNumber] })],
)

export type FilePartRow = typeof filePart.$inferSelect

/** Contents that lost a name, and may have none left. */
export const fileOrphan = sqliteTable('file_orphan', {
  hash: text('hash').primaryKey(),
})

/** What is in the store and belongs to nothing any more. */
export const fileGarbage = sqliteTable('file_garbage', {
  storeKey: text('store_key').primaryKey(),
  hash: text('hash').notNull(),
})
