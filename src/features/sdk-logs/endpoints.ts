import { post } from '../../runtime/endpoint.ts'
import { deleteSdkLogs } from './delete-logs.ts'
import { DeleteLogsReq, SearchLogsReq, UploadLogsReq } from './schema.ts'
import { searchLogs } from './search-logs.ts'
import { uploadLogs } from './upload-logs.ts'

export const sdkLogEndpoints = [
  post('/third/logs/upload', 'token', UploadLogsReq, uploadLogs),
  post('/third/logs/search', 'admin', SearchLogsReq, searchLogs),
  post('/third/logs/delete', 'admin', DeleteLogsReq, deleteSdkLogs),
]
