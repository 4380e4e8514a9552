import { answers, type Calls, does, int64, list, ms, str } from './shape.ts'

/** Calls that today's OpenIM server does not have: ours, and those of its older API and of its app backend. */
export const ownCalls = {
  '/account/code/send': does('Sends a verification code to a phone or a mailbox.'),
  '/account/code/verify': does('Whether a verification code is the one that was sent.'),
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
