import { postPublic } from '../../runtime/endpoint.ts'
import { SendCodeReq, VerifyCodeReq } from './schema.ts'
import { sendCode } from './send-code.ts'
import { verifyCode } from './verify-code.ts'

/** The paths of OpenIM's app backend. They need no token, because clients call them before they log in. */
export const verificationEndpoints = [
  postPublic('/account/code/send', SendCodeReq, sendCode),
  postPublic('/account/code/verify', VerifyCodeReq, verifyCode),
]
