import { post, postPublic } from '../../runtime/endpoint.ts'
import { forceLogout } from './force-logout.ts'
import { getAdminToken } from './get-admin-token.ts'
import { getUserToken } from './get-user-token.ts'
import { parseToken } from './parse-token.ts'
import { ForceLogoutReq, GetAdminTokenReq, GetUserTokenReq, ParseTokenReq } from './schema.ts'

export const authEndpoints = [
  postPublic('/auth/get_admin_token', GetAdminTokenReq, getAdminToken),
  postPublic('/auth/parse_token', ParseTokenReq, parseToken),
  post('/auth/get_user_token', 'admin', GetUserTokenReq, getUserToken),
  post('/auth/force_logout', 'admin', ForceLogoutReq, forceLogout),
]
