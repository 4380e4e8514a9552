export { createClient } from './client/client.ts'
export { MemoryStore } from './client/store/memory.ts'
export type * from './client/types.ts'
