import { postPublic } from '../../runtime/endpoint.ts'
import { SendCodeReq, VerifyCodeReq } from './schema.ts'
import { sendCode } from './send-code.ts'
import { verifyCode } from './verify-code.ts'

/** By the names of OpenIM's app backend, whose clients have no token yet when they call. */
export const verificationEndpoints = [
  postPublic('/account/code/send', SendCodeReq, sendCode),
  postPublic('/account/code/verify', VerifyCodeReq, verifyCode),
]
