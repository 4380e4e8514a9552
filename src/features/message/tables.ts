import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Every conversation that has a message, for searches that name neither sender nor receiver. One row, never changed. */
export const conversationDirectory = sqliteTable('conversation_directory', {
  conversationID: text('conversation_id').primaryKey(),
})
