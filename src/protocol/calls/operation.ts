import { GroupInfo } from './group.ts'
import { about, answers, bool, type Calls, does, int64, list, map, maybe, ms, named, str, uint32 } from './shape.ts'
import { UserInfo } from './user.ts'

const perDay = { total: int64(), before: int64(), count: map(int64()) }

/** Our addition: only present when one call could not count everything. */
const continuation = about(str(), 'pass it to the next call, which continues from there').optional()

export const operationCalls = {
  '/third/fcm_update_token': does('Registers a device for push.'),
  '/third/set_app_badge': does("Sets the number of unread messages that the app's badge shows."),
  '/third/logs/upload': does('Registers logs of a client, which were uploaded as files.'),
  '/third/logs/search': answers('Lists one page of the logs that clients registered.', {
    logsInfos: list(
      named('ClientLog', {
        userID: str(),
        platform: str(),
        url: str(),
        createTime: ms(),
        nickname: str(),
        logID: str(),
        filename: str(),
        systemType: str(),
        ex: str(),
        version: str(),
      }),
    ),
    total: uint32(),
  }),
  '/third/logs/delete': does('Deletes logs of clients.'),

  '/statistics/user/register': answers('Counts the users that registered, by day.', perDay),
  '/statistics/user/active': answers('Lists the users that sent the most messages, and counts all messages by day.', {
    msgCount: int64(),
    userCount: int64(),
    dateCount: map(int64()),
    continuation,
    users: list(named('ActiveUser', { user: maybe(UserInfo), count: int64() })),
  }),
  '/statistics/group/create': answers('Counts the groups that were created, by day.', perDay),
  '/statistics/group/active': answers('Lists the groups with the most messages, and counts all messages by day.', {
    msgCount: int64(),
    groupCount: int64(),
    dateCount: map(int64()),
    continuation,
    groups: list(named('ActiveGroup', { group: maybe(GroupInfo), count: int64() })),
  }),

  '/config/get_config_list': answers('Lists the parts of the configuration.', {
    environment: str(),
    version: str(),
    configNames: list(str()),
  }),
  '/config/get_config': answers('Returns one part of the configuration as JSON text.', str()),
  '/config/set_config': does('Changes one part of the configuration.'),
  '/config/reset_config': does('Resets the configuration to the deployed one.'),
  '/config/set_enable_config_manager': does('Allows or forbids changing the configuration by calls.'),
  '/config/get_enable_config_manager': answers('Returns whether the configuration can be changed by calls.', {
    enable: bool(),
  }),
  '/restart': does('Restarts the service.'),
} satisfies Calls
