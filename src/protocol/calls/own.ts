import { about, answers, type Calls, does, int64, list, ms, str } from './shape.ts'

/** Calls that today's OpenIM server does not have: ours, and those of its older API and of its app backend. */
export const ownCalls = {
  '/account/code/send': does('Sends a verification code to a phone or a mailbox.'),
  '/account/code/verify': does('Whether a verification code is the one that was sent.'),
  '/config/set_configs': does('Changes settings of several of OpenIM’s files at once.'),
  '/third/update_push_token': does('Keeps the token under which a device is rung, of any vendor.'),
  '/third/delete_push_token': does('Forgets the token of a device.'),
  '/third/get_push_config': answers('How devices may be rung here.', {
    providers: list(str()),
    vapidPublicKey: about(str(), 'with it a browser subscribes to Web Push'),
  }),
  '/manager/send_msg': answers('The older form of /msg/send_msg.', {
    serverMsgID: str(),
    clientMsgID: str(),
    sendTime: ms(),
  }),
  '/msg/get_group_message_readers': answers('Who of a group has read a message, or has not.', {
    hasReadCount: int64(),
    unreadCount: int64(),
    userIDs: list(str()),
  }),
  '/msg/set_user_conversation_min_seq': does('Lets a user no longer read what is below a seq; it never goes back.'),
} satisfies Calls
