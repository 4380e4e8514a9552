import { about, answers, bool, type Calls, does, int32, int64, list, map, ms, named, seconds, str } from './shape.ts'

export const UserInfo = named('UserInfo', {
  userID: str(),
  nickname: str(),
  faceURL: str(),
  ex: str(),
  createTime: ms(),
  appMangerLevel: about(
    int32(),
    '0 or 1 user, 2 administrator, 3 notification account, 4 robot; the field has OpenIM’s spelling',
  ),
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
  accountStatus: about(int32(), '1 registered, 0 not registered'),
})

const ClientConfig = named('ClientConfig', { key: str(), userID: str(), value: str() })

export const userCalls = {
  '/user/user_register': does('Registers users.'),
  '/user/account_check': answers('Returns for each given user whether the user is registered.', {
    results: list(AccountCheckResult),
  }),
  '/user/get_users_info': answers('Lists the profiles of users; unknown users are left out.', {
    usersInfo: list(UserInfo),
  }),
  '/user/get_users': answers(
    'Lists one page of all users, or of the users whose userID or nickname contains a text, for administrators.',
    {
      total: int32(),
      users: list(UserInfo),
    },
  ),
  '/user/get_all_users_uid': answers('Lists one page of all userIDs, for administrators.', {
    total: int32(),
    userIDs: list(str()),
  }),
  '/user/update_user_info': does('Changes a profile; a field with "" or 0 stays unchanged.'),
  '/user/update_user_info_ex': does('Changes a profile; a null or absent field stays unchanged.'),
  '/user/set_global_msg_recv_opt': does('Sets how a user receives messages in all conversations.'),

  '/user/get_users_online_status': answers(
    'Lists the connections of given users that are online.',
    list(UserOnlineConnections),
  ),
  '/user/get_users_online_token_detail': answers(
    'Lists the tokens with which users are online; null for callers that are not administrators.',
    list(UserOnlineTokens),
  ),
  '/user/get_users_status': answers('Lists the platforms on which users are online.', {
    statusList: list(OnlineStatus),
  }),
  '/user/subscribe_users_status': answers(
    "Subscribes the caller's connections to the presence of users, or unsubscribes them.",
    {
      statusList: list(OnlineStatus),
    },
  ),
  '/user/get_subscribe_users_status': answers("Lists the users whose presence the caller's connections subscribe to.", {
    statusList: list(OnlineStatus),
  }),

  '/user/process_user_command_add': does('Stores a value for the user, under a type and a UUID.'),
  '/user/process_user_command_update': does('Changes a stored value.'),
  '/user/process_user_command_delete': does('Deletes a stored value.'),
  '/user/process_user_command_get': answers('Lists the stored values of one type.', { CommandResp: list(UserCommand) }),
  '/user/process_user_command_get_all': answers('Lists all stored values of the user.', {
    CommandResp: list(UserCommand),
  }),

  '/user/get_user_client_config': answers(
    "Returns the app's values for its clients: those for all users, overridden by those for the user.",
    {
      configs: map(str()),
    },
  ),
  '/user/set_user_client_config': does('Sets values for the clients of one user, or of all users with the userID "".'),
  '/user/del_user_client_config': does('Deletes values for clients.'),
  '/user/page_user_client_config': answers('Lists one page of the values for clients.', {
    total: int64(),
    configs: list(ClientConfig),
  }),

  '/user/add_notification_account': answers(
    'Creates a notification account, in whose name the app server sends messages.',
    NotificationAccount,
  ),
  '/user/update_notification_account': does('Changes a notification account; a field with "" stays unchanged.'),
  '/user/search_notification_account': answers('Lists one page of the notification accounts.', {
    total: int64(),
    notificationAccounts: list(NotificationAccount),
  }),
} satisfies Calls
