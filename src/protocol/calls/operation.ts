import { GroupInfo } from './group.ts'
import { about, answers, bool, type Calls, does, int64, list, map, maybe, ms, named, str, uint32 } from './shape.ts'
import { UserInfo } from './user.ts'

const perDay = { total: int64(), before: int64(), count: map(int64()) }

/** Ours: only there when one call could not count everything. */
const continuation = about(str(), 'give it to the next call, which goes on from there').optional()

export const operationCalls = {
  '/third/fcm_update_token': does('Registers a device for push.'),
  '/third/set_app_badge': does('How many unread messages the badge of the app shows.'),
  '/third/logs/upload': does('Hands in the logs of a client, which were uploaded as files.'),
  '/third/logs/search': answers('A page of the logs that clients handed in.', {
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
  '/third/logs/delete': does('Drops logs of clients.'),

  '/statistics/user/register': answers('How many users registered, by day.', perDay),
  '/statistics/user/active': answers('Who wrote most, and how many messages there were, by day.', {
    msgCount: int64(),
    userCount: int64(),
    dateCount: map(int64()),
    continuation,
    users: list(named('ActiveUser', { user: maybe(UserInfo), count: int64() })),
  }),
  '/statistics/group/create': answers('How many groups were made, by day.', perDay),
  '/statistics/group/active': answers('In which groups most was written, and how many messages there were, by day.', {
    msgCount: int64(),
    groupCount: int64(),
    dateCount: map(int64()),
    continuation,
    groups: list(named('ActiveGroup', { group: maybe(GroupInfo), count: int64() })),
  }),

  '/config/get_config_list': answers('The parts of the configuration.', {
    environment: str(),
    version: str(),
    configNames: list(str()),
  }),
  '/config/get_config': answers('One part of the configuration, as JSON text.', str()),
  '/config/set_config': does('Changes one part of the configuration.'),
  '/config/reset_config': does('Goes back to the configuration as deployed.'),
  '/config/set_enable_config_manager': does('Lets the configuration be changed by calls, or not.'),
  '/config/get_enable_config_manager': answers('Whether the configuration can be changed by calls.', {
    enable: bool(),
  }),
  '/restart': does('Restarts the service.'),
} satisfies Calls
