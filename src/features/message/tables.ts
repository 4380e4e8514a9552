import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Lists every conversation that has a message, for searches that name neither sender nor receiver. A row is written
 * once and never changed.
 */
export const conversationDirectory = sqliteTable('conversation_directory', {
  conversationID: text('conversation_id').primaryKey(),
})
