import { about, answers, type Calls, does, int32, int64, str } from './shape.ts'

const token = { token: str(), expireTimeSeconds: about(int64(), 'how long the token lives, in seconds') }

export const authCalls = {
  '/auth/get_admin_token': answers('A token for an administrator, for whoever has the secret.', token),
  '/auth/get_user_token': answers('A token for a user on one platform; the app hands it to its client.', token),
  '/auth/parse_token': answers('Whose token it is.', {
    userID: str(),
    platformID: int32(),
    expireTimeSeconds: about(int64(), 'when the token ends, in seconds since 1970'),
  }),
  '/auth/force_logout': does('Ends every session and connection of a user on one platform.'),
} satisfies Calls
