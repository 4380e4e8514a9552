import { post } from '../../platform/endpoint.ts'
import { checkAccounts } from './check-accounts.ts'
import { getUsersInfo } from './get-users-info.ts'
import { registerUsers } from './register-users.ts'
import { AccountCheckReq, GetUsersInfoReq, UpdateUserInfoExReq, UserRegisterReq } from './schema.ts'
import { updateUserInfo } from './update-user-info.ts'

export const userEndpoints = [
  post('/user/user_register', 'admin', UserRegisterReq, registerUsers),
  post('/user/get_users_info', 'token', GetUsersInfoReq, getUsersInfo),
  post('/user/account_check', 'admin', AccountCheckReq, checkAccounts),
  post('/user/update_user_info_ex', 'token', UpdateUserInfoExReq, updateUserInfo),
]
