import { post } from '../../runtime/endpoint.ts'
import { authSign } from './auth-sign.ts'
import { completeMultipartUpload } from './complete-upload.ts'
import { accessURL } from './download-file.ts'
import { completeFormData, initiateFormData } from './form-upload.ts'
import { initiateMultipartUpload } from './initiate-upload.ts'
import { partLimit, partSize } from './part-limit.ts'
import {
  AccessURLReq,
  AuthSignReq,
  CompleteFormDataReq,
  CompleteMultipartUploadReq,
  InitiateFormDataReq,
  InitiateMultipartUploadReq,
  PartLimitReq,
  PartSizeReq,
} from './schema.ts'

/** Calls to upload and find files. The bytes go through the routes in `http/file-routes.ts`, or directly to the store. */
export const fileEndpoints = [
  post('/object/part_limit', 'token', PartLimitReq, partLimit),
  post('/object/part_size', 'token', PartSizeReq, partSize),
  post('/object/initiate_multipart_upload', 'token', InitiateMultipartUploadReq, initiateMultipartUpload),
  post('/object/auth_sign', 'token', AuthSignReq, authSign),
  post('/object/complete_multipart_upload', 'token', CompleteMultipartUploadReq, completeMultipartUpload),
  post('/object/access_url', 'token', AccessURLReq, accessURL),
  post('/object/initiate_form_data', 'token', InitiateFormDataReq, initiateFormData),
  post('/object/complete_form_data', 'token', CompleteFormDataReq, completeFormData),
]
