import { post, withQuirks } from '../../runtime/endpoint.ts'
import { checkAccounts } from './check-accounts.ts'
import { delUserClientConfig, getUserClientConfig, pageUserClientConfig, setUserClientConfig } from './client-config.ts'
import { getUsersInfo } from './get-users-info.ts'
import { getAllUsersUID, getUsers } from './list-users.ts'
import {
  addNotificationAccount,
  searchNotificationAccount,
  updateNotificationAccount,
} from './notification-accounts.ts'
import { getUsersOnlineStatus, getUsersOnlineTokenDetail, getUsersStatus } from './online-status.ts'
import { registerUsers } from './register-users.ts'
import {
  AccountCheckReq,
  AddNotificationAccountReq,
  AddUserCommandReq,
  DeleteUserCommandReq,
  DelUserClientConfigReq,
  GetAllUserCommandReq,
  GetAllUsersUIDReq,
  GetSubscribeUsersStatusReq,
  GetUserClientConfigReq,
  GetUserCommandReq,
  GetUsersInfoReq,
  GetUsersOnlineStatusReq,
  GetUsersReq,
  GetUsersStatusReq,
  PageUserClientConfigReq,
  SearchNotificationAccountReq,
  SetGlobalMsgRecvOptReq,
  SetUserClientConfigReq,
  SubscribeUsersStatusReq,
  UpdateNotificationAccountReq,
  UpdateUserCommandReq,
  UpdateUserInfoExReq,
  UpdateUserInfoReq,
  UserRegisterReq,
} from './schema.ts'
import { getSubscribeUsersStatus, subscribeUsersStatus } from './subscribe-users-status.ts'
import { setGlobalMsgRecvOpt, updateUserInfo, updateUserInfoEx } from './update-user-info.ts'
import {
  addUserCommand,
  deleteUserCommand,
  getAllUserCommands,
  getUserCommands,
  updateUserCommand,
} from './user-commands.ts'

/** OpenIM: in this area, only these calls answer an invalid body with HTTP status 400. */
const badBody400 = { badBodyStatus: 400 }

export const userEndpoints = [
  post('/user/user_register', 'admin', UserRegisterReq, registerUsers),
  post('/user/account_check', 'admin', AccountCheckReq, checkAccounts),

  post('/user/get_users_info', 'token', GetUsersInfoReq, getUsersInfo),
  post('/user/get_users', 'admin', GetUsersReq, getUsers),
  post('/user/get_all_users_uid', 'admin', GetAllUsersUIDReq, getAllUsersUID),
  post('/user/update_user_info', 'token', UpdateUserInfoReq, updateUserInfo),
  post('/user/update_user_info_ex', 'token', UpdateUserInfoExReq, updateUserInfoEx),
  post('/user/set_global_msg_recv_opt', 'token', SetGlobalMsgRecvOptReq, setGlobalMsgRecvOpt),

  post('/user/get_users_status', 'token', GetUsersStatusReq, getUsersStatus),
  withQuirks(post('/user/get_users_online_status', 'admin', GetUsersOnlineStatusReq, getUsersOnlineStatus), badBody400),
  withQuirks(
    post('/user/get_users_online_token_detail', 'token', GetUsersOnlineStatusReq, getUsersOnlineTokenDetail),
    badBody400,
  ),
  post('/user/subscribe_users_status', 'token', SubscribeUsersStatusReq, subscribeUsersStatus),
  post('/user/get_subscribe_users_status', 'token', GetSubscribeUsersStatusReq, getSubscribeUsersStatus),

  post('/user/process_user_command_add', 'token', AddUserCommandReq, addUserCommand),
  post('/user/process_user_command_update', 'token', UpdateUserCommandReq, updateUserCommand),
  post('/user/process_user_command_delete', 'token', DeleteUserCommandReq, deleteUserCommand),
  post('/user/process_user_command_get', 'token', GetUserCommandReq, getUserCommands),
  post('/user/process_user_command_get_all', 'token', GetAllUserCommandReq, getAllUserCommands),

  post('/user/get_user_client_config', 'token', GetUserClientConfigReq, getUserClientConfig),
  post('/user/set_user_client_config', 'admin', SetUserClientConfigReq, setUserClientConfig),
  post('/user/del_user_client_config', 'admin', DelUserClientConfigReq, delUserClientConfig),
  post('/user/page_user_client_config', 'admin', PageUserClientConfigReq, pageUserClientConfig),

  post('/user/add_notification_account', 'admin', AddNotificationAccountReq, addNotificationAccount),
  post('/user/update_notification_account', 'admin', UpdateNotificationAccountReq, updateNotificationAccount),
  post('/user/search_notification_account', 'admin', SearchNotificationAccountReq, searchNotificationAccount),
]
