import { is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as settings from '../config/tables.ts'
import * as file from '../features/file/tables.ts'
import * as friend from '../features/friend/tables.ts'
import * as group from '../features/group/tables.ts'
import * as message from '../features/message/tables.ts'
import * as sdkLogs from '../features/sdk-logs/tables.ts'
import * as user from '../features/user/tables.ts'
import * as verification from '../features/verification/tables.ts'
import * as push from '../push/tables.ts'
import * as sync from '../sync/tables.ts'
import * as webhook from '../webhook/tables.ts'

/** Every table of D1 in the schema of this version. */
export const ALL_TABLES: readonly SQLiteTable[] = [
  file,
  friend,
  group,
  message,
  sdkLogs,
  user,
  verification,
  settings,
  push,
  webhook,
  sync,
]
  .flatMap((module) => Object.values<unknown>(module))
  .filter((value) => is(value, SQLiteTable))
