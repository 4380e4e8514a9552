import { about, answers, bool, type Calls, does, int64, list, ms, named, str } from './shape.ts'

const event = {
  webhook: about(str(), 'its key in the configuration'),
  eventID: str(),
  operationID: str(),
  url: str(),
}

const outcome = {
  delivered: bool(),
  status: about(int64(), 'of HTTP; 0 when there was no answer'),
  error: str(),
  durationMs: int64(),
  time: ms(),
}

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
  '/webhook/get_deliveries': answers('How events were brought to the app’s webhooks.', {
    total: int64(),
    deliveries: list(named('WebhookDelivery', { ...event, attempt: int64(), ...outcome })),
  }),
  '/webhook/get_dead_letters': answers('Events that could not be brought in the end.', {
    total: int64(),
    deadLetters: list(
      named('WebhookDeadLetter', { id: int64(), ...event, body: str(), createTime: ms(), deadTime: ms() }),
    ),
  }),
  '/webhook/replay': answers('Brings dead letters once more.', { replayed: int64() }),
  '/webhook/delete_dead_letters': answers('Forgets dead letters.', { deleted: int64() }),
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
  '/msg/set_user_conversation_max_seq': does('Lets a user read no further than a seq; 0 takes the bound away.'),
} satisfies Calls
