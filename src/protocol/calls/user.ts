import { about, answers, bool, type Calls, does, int32, int64, list, map, ms, named, seconds, str } from './shape.ts'

export const UserInfo = named('UserInfo', {
  userID: str(),
  nickname: str(),
  faceURL: str(),
  ex: str(),
  createTime: ms(),
  appMangerLevel: about(int32(), '0 or 1 user, 2 administrator, 3 notification account, 4 robot; spelt like this'),
  globalRecvMsgOpt: about(int32(), '0 receive, 1 refuse, 2 receive without push'),
})

export const PublicUserInfo = named('PublicUserInfo', { userID: str(), nickname: str(), faceURL: str(), ex: str() })

const OnlineStatus = named('OnlineStatus', {
  userID: str(),
  status: about(int32(), '1 online, 0 offline'),
  platformIDs: list(int32()),
})

const UserCommand = named('UserCommand', {
  type: int32(),
  createTime: seconds(),
  uuid: str(),
  value: str(),
  ex: str(),
})

const NotificationAccount = named('NotificationAccount', {
  userID: str(),
  faceURL: str(),
  nickName: str(),
  appMangerLevel: int32(),
})

const UserOnlineConnections = named('UserOnlineConnections', {
  userID: str(),
  status: int32(),
  detailPlatformStatus: list(
    named('OnlineConnection', { platformID: int32(), connID: str(), isBackground: bool(), token: str() }),
  ),
})

const UserOnlineTokens = named('UserOnlineTokens', {
  userID: str(),
  status: int32(),
  singlePlatformToken: list(named('PlatformTokens', { platformID: int32(), total: int32(), token: list(str()) })),
})

const AccountCheckResult = named('AccountCheckResult', {
  userID: str(),
  accountStatus: about(int32(), '1 registered, 0 not'),
})

const ClientConfig = named('ClientConfig', { key: str(), userID: str(), value: str() })

export const userCalls = {
  '/user/user_register': does('Registers users.'),
  '/user/account_check': answers('Which of these users are registered.', { results: list(AccountCheckResult) }),
  '/user/get_users_info': answers('Profiles of users; unknown ones are left out.', { usersInfo: list(UserInfo) }),
  '/user/get_users': answers('A page of all users, or those that a text is found in.', {
    total: int32(),
    users: list(UserInfo),
  }),
  '/user/get_all_users_uid': answers('A page of all userIDs.', { total: int32(), userIDs: list(str()) }),
  '/user/update_user_info': does('Changes a profile; "" and 0 leave a field as it is.'),
  '/user/update_user_info_ex': does('Changes a profile; null or absent leaves a field as it is.'),
  '/user/set_global_msg_recv_opt': does('How a user wants to receive messages at all.'),

  '/user/get_users_online_status': answers('Who is online, and on which connections.', list(UserOnlineConnections)),
  '/user/get_users_online_token_detail': answers(
    'With which tokens users are online; null for who is no administrator.',
    list(UserOnlineTokens),
  ),
  '/user/get_users_status': answers('On which platforms users are online.', { statusList: list(OnlineStatus) }),
  '/user/subscribe_users_status': answers('The connections of the caller watch who comes and goes, or stop watching.', {
    statusList: list(OnlineStatus),
  }),
  '/user/get_subscribe_users_status': answers('Whom the connections of the caller watch.', {
    statusList: list(OnlineStatus),
  }),

  '/user/process_user_command_add': does('Keeps a value of the user, under a type and a uuid.'),
  '/user/process_user_command_update': does('Changes a kept value.'),
  '/user/process_user_command_delete': does('Drops a kept value.'),
  '/user/process_user_command_get': answers('The kept values of one type.', { CommandResp: list(UserCommand) }),
  '/user/process_user_command_get_all': answers('All kept values of the user.', { CommandResp: list(UserCommand) }),

  '/user/get_user_client_config': answers('What the app has set for its clients: for all, overlaid by for the user.', {
    configs: map(str()),
  }),
  '/user/set_user_client_config': does('Sets values for clients: of one user, or with userID "" of all.'),
  '/user/del_user_client_config': does('Removes values for clients.'),
  '/user/page_user_client_config': answers('A page of the values for clients.', {
    total: int64(),
    configs: list(ClientConfig),
  }),

  '/user/add_notification_account': answers('Makes an account from which the app itself writes.', NotificationAccount),
  '/user/update_notification_account': does('Renames an account of the app; "" leaves a field as it is.'),
  '/user/search_notification_account': answers('A page of the accounts of the app.', {
    total: int64(),
    notificationAccounts: list(NotificationAccount),
  }),
} satisfies Calls
