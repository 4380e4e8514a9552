import { about, answers, bool, type Calls, does, int64, list, ms, named, str } from './shape.ts'

const event = {
  webhook: about(str(), "the webhook's key in the configuration"),
  eventID: str(),
  operationID: str(),
  url: str(),
}

const outcome = {
  delivered: bool(),
  status: about(int64(), 'HTTP status; 0 when the app server did not answer'),
  error: str(),
  durationMs: int64(),
  time: ms(),
}

/** Calls that today's OpenIM server does not have: our own, those of its older API, and those of its app server. */
export const ownCalls = {
  '/account/code/send': does('Sends a verification code to a phone number or an e-mail address.'),
  '/account/code/verify': does('Checks whether a verification code is the one that was sent.'),
  '/config/set_configs': does('Changes settings of several of OpenIM’s files at once.'),
  '/third/update_push_token': does('Registers the push token of a device, for any push provider.'),
  '/third/delete_push_token': does('Deletes the push token of a device.'),
  '/third/get_push_config': answers('Returns the enabled push providers, with the keys that clients need.', {
    providers: list(str()),
    vapidPublicKey: about(str(), 'the key with which a browser subscribes to Web Push'),
  }),
  '/webhook/get_deliveries': answers("Lists the tries to deliver events to the app server's webhooks.", {
    total: int64(),
    deliveries: list(named('WebhookDelivery', { ...event, attempt: int64(), ...outcome })),
  }),
  '/webhook/get_dead_letters': answers('Lists the events that could not be delivered after all retries.', {
    total: int64(),
    deadLetters: list(named('WebhookDeadLetter', { id: int64(), ...event, createTime: ms(), deadTime: ms() })),
  }),
  '/webhook/replay': answers('Sends dead letters to the app server again.', { replayed: int64() }),
  '/webhook/delete_dead_letters': answers('Deletes dead letters.', { deleted: int64() }),
  '/manager/send_msg': answers('Sends a message; the older form of /msg/send_msg.', {
    serverMsgID: str(),
    clientMsgID: str(),
    sendTime: ms(),
  }),
  '/msg/get_group_message_readers': answers('Lists the members of a group that have read a message, or have not.', {
    hasReadCount: int64(),
    unreadCount: int64(),
    userIDs: list(str()),
  }),
  '/msg/set_user_conversation_min_seq': does('Hides the messages below a seq from a user; the bound can only rise.'),
  '/msg/set_user_conversation_max_seq': does('Hides the messages above a seq from a user; 0 removes the bound.'),
} satisfies Calls
