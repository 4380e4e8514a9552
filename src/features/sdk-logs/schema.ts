import { z } from 'zod'
import { int32, int64, list, message, pagination, str } from '../../runtime/openim-json.ts'

const MAX_FILES = 100
const MAX_LOG_IDS = 1_000
const MAX_NAME = 255
const MAX_URL = 2_048
const MAX_EX = 8_192

export const UploadLogsReq = message({
  platform: int32(),
  appFramework: str().pipe(z.string().max(MAX_NAME)),
  version: str().pipe(z.string().max(MAX_NAME)),
  ex: str().pipe(z.string().max(MAX_EX)),
  fileURLs: z
    .array(message({ filename: str().pipe(z.string().max(MAX_NAME)), URL: str().pipe(z.string().min(1).max(MAX_URL)) }))
    .min(1)
    .max(MAX_FILES),
})

export const SearchLogsReq = message({
  keyword: str(),
  startTime: int64(),
  endTime: int64(),
  pagination: pagination(),
}).refine(({ startTime, endTime }) => startTime <= endTime, {
  path: ['startTime'],
  error: 'it must not be after endTime',
})

export const DeleteLogsReq = message({ logIDs: list(z.string()).pipe(z.array(z.string()).min(1).max(MAX_LOG_IDS)) })

/** `third.LogInfo` on the wire. */
export interface LogInfo {
  userID: string
  nickname: string
  platform: string
  url: string
  /** Unix time in ms. */
  createTime: number
  logID: string
  filename: string
  systemType: string
  version: string
  ex: string
}
