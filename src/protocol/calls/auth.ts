import { about, answers, type Calls, does, int32, int64, str } from './shape.ts'

const token = { token: str(), expireTimeSeconds: about(int64(), 'seconds until the token expires') }

export const authCalls = {
  '/auth/get_admin_token': answers('Issues a token for an administrator; the request must carry the secret.', token),
  '/auth/get_user_token': answers(
    'Issues a token for a user on one platform; the app server passes it to its client.',
    token,
  ),
  '/auth/parse_token': answers('Returns the user and the platform of a token.', {
    userID: str(),
    platformID: int32(),
    expireTimeSeconds: about(int64(), 'when the token expires, in seconds since 1970'),
  }),
  '/auth/force_logout': does('Ends every session and connection of a user on one platform.'),
} satisfies Calls
