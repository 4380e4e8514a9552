import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Stored contents: one row per content, however many names it has. */
export const fileContent = sqliteTable('file_content', {
  /** OpenIM's hash of a file, see `file-hash.ts`. */
  hash: text('hash').primaryKey(),
  storeKey: text('store_key').notNull(),
  size: integer('size').notNull(),
  createTime: integer('create_time').notNull(),
  /**
   * The media type and size in pixels of a picture, null until the content is first requested as a picture. The type is
   * "" when the content is not a picture; the sizes are 0 when they cannot be measured.
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
    /** The user who named the file. */
    userID: text('user_id').notNull(),
    hash: text('hash').notNull(),
    contentType: text('content_type').notNull(),
    /** The file group that the client gave, such as `msg-picture` or `sdklog`. */
    cause: text('cause').notNull(),
    createTime: integer('create_time').notNull(),
  },
  (t) => [index('file_object_by_hash').on(t.hash), index('file_object_by_age').on(t.cause, t.createTime)],
)

export type FileObjectRow = typeof fileObject.$inferSelect

/** Uploads, open and completed ones until they expire. */
export const fileUpload = sqliteTable(
  'file_upload',
  {
    uploadID: text('upload_id').primaryKey(),
    userID: text('user_id').notNull(),
    /** OpenIM's hash of the file; "" in a form upload that is not complete. */
    hash: text('hash').notNull(),
    size: integer('size').notNull(),
    partSize: integer('part_size').notNull(),
    contentType: text('content_type').notNull(),
    /** The store's ID of a multipart upload; "" when the file is uploaded as a whole. */
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

/** Uploaded parts of open uploads. */
export const filePart = sqliteTable(
  'file_part',
  {
    uploadID: text('upload_id').notNull(),
    partNumber: integer('part_number').notNull(),
    /** The store's tag of a part; the store key when the file was uploaded as a whole. */
    tag: text('tag').notNull(),
    /** The MD5 of the part in hex; in a form upload, OpenIM's hash of the whole file. */
    md5: text('md5').notNull(),
  },
  (t) => [primaryKey({ columns: [t.uploadID, t.partNumber] })],
)

export type FilePartRow = typeof filePart.$inferSelect

/** Contents that lost a name and may have no name left; the cleaning checks them. */
export const fileOrphan = sqliteTable('file_orphan', {
  hash: text('hash').primaryKey(),
})

/** Store keys that no content uses any more; the cleaning deletes them from the store. */
export const fileGarbage = sqliteTable('file_garbage', {
  storeKey: text('store_key').primaryKey(),
  hash: text('hash').notNull(),
})
