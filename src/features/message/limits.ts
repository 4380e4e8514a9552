/*
 * The longest texts of a message, in characters: the same for devices, backends and webhooks. Nicknames and face URLs
 * are as long as those of accounts.
 */

/** No registered ID is longer. */
export const MAX_PARTICIPANT_ID = 128
export const MAX_CLIENT_MSG_ID = 64
export const MAX_SENDER_NICKNAME = 255
export const MAX_SENDER_FACE_URL = 2_048
