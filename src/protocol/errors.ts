/*
 * Every error code of OpenIM. `code` and `msg` are on the wire as errCode and errMsg. Clients and app servers compare
 * both, so they must stay OpenIM's. `when` is documentation for the reader.
 */

interface ErrorEntry {
  code: number
  /** OpenIM's name of the error, its errMsg. */
  msg: string
  when: string
}

/** The errors that this service answers. "Reserved" rows are OpenIM's codes that neither server produces. */
export const SERVER_ERRORS = {
  NoError: { code: 0, msg: 'NoError', when: 'success' },
  TooManyRequests: {
    code: 429,
    msg: 'TooManyRequests',
    when: 'the rate limit is exceeded; the HTTP status is 429, too',
  },
  ServerInternalError: { code: 500, msg: 'ServerInternalError', when: 'the service itself failed' },
  UnknownCode: { code: 1000, msg: 'UnknownCode', when: 'reserved' },
  ArgsError: { code: 1001, msg: 'ArgsError', when: 'a field or header is missing, malformed or not allowed' },
  NoPermissionError: { code: 1002, msg: 'NoPermissionError', when: 'the caller may not do this' },
  DuplicateKeyError: { code: 1003, msg: 'DuplicateKeyError', when: 'reserved' },
  RecordNotFoundError: { code: 1004, msg: 'RecordNotFoundError', when: 'what the request names does not exist' },
  SecretNotChangedError: { code: 1050, msg: 'SecretNotChangedError', when: 'reserved' },

  UserIDNotFoundError: { code: 1101, msg: 'UserIDNotFoundError', when: 'a user whom the request names is unknown' },
  RegisteredAlreadyError: { code: 1102, msg: 'RegisteredAlreadyError', when: 'a userID to register is taken' },

  GroupIDNotFoundError: { code: 1201, msg: 'GroupIDNotFoundError', when: 'a group that the request names is unknown' },
  GroupIDExisted: { code: 1202, msg: 'GroupIDExisted', when: 'the groupID of a new group is taken' },
  NotInGroupYetError: { code: 1203, msg: 'NotInGroupYetError', when: 'the user is not a member of the group' },
  DismissedAlreadyError: { code: 1204, msg: 'DismissedAlreadyError', when: 'the group has been dismissed' },
  GroupTypeNotSupport: { code: 1205, msg: 'GroupTypeNotSupport', when: 'reserved' },
  GroupRequestHandled: { code: 1206, msg: 'GroupRequestHandled', when: 'the application to join has been answered' },

  CanNotAddYourselfError: { code: 1301, msg: 'CanNotAddYourselfError', when: 'a user adds themselves as a friend' },
  BlockedByPeer: { code: 1302, msg: 'BlockedByPeer', when: 'the receiver has blocked the sender' },
  NotPeersFriend: { code: 1303, msg: 'NotPeersFriend', when: 'only friends may send, and the sender is not a friend' },
  RelationshipAlreadyError: { code: 1304, msg: 'RelationshipAlreadyError', when: 'the two are friends already' },
  FriendRequestHandled: { code: 1305, msg: 'FriendRequestHandled', when: 'the friend request has been answered' },

  MessageHasReadDisable: { code: 1401, msg: 'MessageHasReadDisable', when: 'reserved' },
  MutedInGroup: { code: 1402, msg: 'MutedInGroup', when: 'the sender is muted in the group' },
  MutedGroup: { code: 1403, msg: 'MutedGroup', when: 'the group is muted and the sender is an ordinary member' },
  MsgAlreadyRevoke: { code: 1404, msg: 'MsgAlreadyRevoke', when: 'the message has been revoked' },

  TokenExpiredError: { code: 1501, msg: 'TokenExpiredError', when: 'the token has expired' },
  TokenInvalidError: { code: 1502, msg: 'TokenInvalidError', when: 'the token is not for this user and platform' },
  TokenMalformedError: { code: 1503, msg: 'TokenMalformedError', when: 'the token is not a JWT' },
  TokenNotValidYetError: { code: 1504, msg: 'TokenNotValidYetError', when: 'the token is not valid yet' },
  TokenUnknownError: { code: 1505, msg: 'TokenUnknownError', when: 'the token was not signed here' },
  TokenKickedError: { code: 1506, msg: 'TokenKickedError', when: 'the token was logged out or displaced by a login' },
  TokenNotExistError: { code: 1507, msg: 'TokenNotExistError', when: 'the token is well-formed, but is not in force' },
  OrgUserNoPermissionError: { code: 1520, msg: 'OrgUserNoPermissionError', when: 'reserved' },

  ConnOverMaxNumLimit: { code: 1601, msg: 'ConnOverMaxNumLimit', when: 'no more connections are accepted' },
  ConnArgsErr: { code: 1602, msg: 'ConnArgsErr', when: 'a parameter of the WebSocket address is missing or wrong' },
  PushMsgErr: { code: 1603, msg: 'PushMsgErr', when: 'reserved' },
  IOSBackgroundPushErr: { code: 1604, msg: 'IOSBackgroundPushErr', when: 'reserved' },
  FileUploadedExpiredError: { code: 1701, msg: 'FileUploadedExpiredError', when: 'reserved' },

  FormattingError: { code: 10001, msg: 'FormattingError', when: 'reserved' },
  HasRegistered: { code: 10002, msg: 'HasRegistered', when: 'reserved' },
  NotRegistered: { code: 10003, msg: 'NotRegistered', when: 'reserved' },
  PasswordErr: { code: 10004, msg: 'PasswordErr', when: 'reserved' },
  GetIMTokenErr: { code: 10005, msg: 'GetIMTokenErr', when: 'reserved' },
  RepeatSendCode: { code: 10006, msg: 'RepeatSendCode', when: 'reserved' },
  MailSendCodeErr: { code: 10007, msg: 'MailSendCodeErr', when: 'a code could not be sent by mail' },
  SmsSendCodeErr: { code: 10008, msg: 'SmsSendCodeErr', when: 'a code could not be sent by SMS' },
  CodeInvalidOrExpired: { code: 10009, msg: 'CodeInvalidOrExpired', when: 'reserved' },
  RegisterFailed: { code: 10010, msg: 'RegisterFailed', when: 'reserved' },
  ResetPasswordFailed: { code: 10011, msg: 'ResetPasswordFailed', when: 'reserved' },
  RegisterLimit: { code: 10012, msg: 'RegisterLimit', when: 'reserved' },
  LoginLimit: { code: 10013, msg: 'LoginLimit', when: 'reserved' },
  InvitationError: { code: 10014, msg: 'InvitationError', when: 'reserved' },

  VerifyCodeSendFrequently: { code: 20005, msg: 'VerifyCodeSendFrequently', when: 'codes are requested too often' },
  VerifyCodeNotMatch: { code: 20006, msg: 'VerifyCodeNotMatch', when: 'wrong code' },
  VerifyCodeExpired: { code: 20007, msg: 'VerifyCodeExpired', when: 'the code is too old' },
  VerifyCodeMaxCount: { code: 20008, msg: 'VerifyCodeMaxCount', when: 'the code was tried too often' },
  VerifyCodeUsed: { code: 20009, msg: 'VerifyCodeUsed', when: 'the code was used' },

  CallbackError: { code: 80000, msg: 'CallbackError', when: 'a webhook refuses without its own error code' },
  DatabaseError: { code: 90002, msg: 'DatabaseError', when: 'reserved' },
  NetworkError: { code: 90004, msg: 'NetworkError', when: 'a before-webhook could not be reached in time' },
  DataError: { code: 90007, msg: 'DataError', when: 'a webhook did not answer JSON, or uploaded data is inconsistent' },
} as const satisfies Record<string, ErrorEntry>

/** Errors that app servers answer to their own clients. Here they occur only in the refusal of a webhook. */
const APP_ERRORS = {
  PasswordError: { code: 20001, msg: 'PasswordError', when: 'wrong password' },
  AccountNotFound: { code: 20002, msg: 'AccountNotFound', when: 'no such account' },
  PhoneAlreadyRegister: { code: 20003, msg: 'PhoneAlreadyRegister', when: 'the phone number is taken' },
  AccountAlreadyRegister: { code: 20004, msg: 'AccountAlreadyRegister', when: 'the account is taken' },
  InvitationCodeUsed: { code: 20010, msg: 'InvitationCodeUsed', when: 'the invitation was used' },
  InvitationNotFound: { code: 20011, msg: 'InvitationNotFound', when: 'no such invitation' },
  Forbidden: { code: 20012, msg: 'Forbidden', when: 'the app forbids it' },
  RefuseFriend: { code: 20013, msg: 'RefuseFriend', when: 'the user accepts no friend requests' },
  EmailAlreadyRegister: { code: 20014, msg: 'EmailAlreadyRegister', when: 'the mail address is taken' },
  ErrTokenNotExist: { code: 20101, msg: 'ErrTokenNotExist', when: 'the app knows no such token' },
} as const satisfies Record<string, ErrorEntry>

/**
 * Errors that SDKs raise by themselves; they are never on the wire. Their codes and names collide with the server's
 * (10001 is also FormattingError), so the keys have a prefix.
 */
const SDK_ERRORS = {
  SdkNetworkError: { code: 10000, msg: 'NetworkError', when: 'an HTTP call failed' },
  SdkNetworkTimeoutError: { code: 10001, msg: 'NetworkTimeoutError', when: 'no reply on the socket in time' },
  SdkArgsError: { code: 10002, msg: 'ArgsError', when: 'a wrong argument to an SDK function' },
  SdkCtxDeadlineExceededError: { code: 10003, msg: 'CtxDeadlineExceededError', when: 'a deadline passed' },
  SdkUnknownCode: { code: 10005, msg: 'UnknownCode', when: 'anything else' },
  SdkInternalError: { code: 10006, msg: 'SdkInternalError', when: 'a reply could not be decoded' },
  SdkNoUpdateError: { code: 10007, msg: 'NoUpdateError', when: 'nothing to update' },
  SdkNotInitError: { code: 10008, msg: 'SDKNotInitError', when: 'the SDK is not initialised' },
  SdkNotLoginError: { code: 10009, msg: 'SDKNotLoginError', when: 'login is not complete' },
  SdkUserIDNotFoundError: { code: 10100, msg: 'UserIDNotFoundError', when: 'unknown user' },
  SdkLoginOutError: { code: 10101, msg: 'LoginOutError', when: 'logged out' },
  SdkLoginRepeatError: { code: 10102, msg: 'LoginRepeatError', when: 'a second login' },
  SdkFileNotFoundError: { code: 10200, msg: 'FileNotFoundError', when: 'a local file is missing' },
  SdkMsgDeCompressionError: { code: 10201, msg: 'MsgDeCompressionError', when: 'a frame is not gzip' },
  SdkMsgDecodeBinaryWsError: { code: 10202, msg: 'MsgDecodeBinaryWsError', when: 'a frame could not be decoded' },
  SdkMsgBinaryTypeNotSupportError: { code: 10203, msg: 'MsgBinaryTypeNotSupportError', when: 'unknown kind of frame' },
  SdkMsgRepeatError: { code: 10204, msg: 'MsgRepeatError', when: 'a message that did not fail is sent again' },
  SdkMsgContentTypeNotSupportError: { code: 10205, msg: 'MsgContentTypeNotSupportError', when: 'unknown contentType' },
  SdkMsgHasNoSeqError: { code: 10206, msg: 'MsgHasNoSeqError', when: 'the message has no seq' },
  SdkMsgHasDeletedError: { code: 10207, msg: 'MsgHasDeletedError', when: 'the message is deleted' },
  SdkNotSupportOptError: { code: 10301, msg: 'NotSupportOptError', when: 'an operation the SDK does not know' },
  SdkNotSupportTypeError: { code: 10302, msg: 'NotSupportTypeError', when: 'a type the SDK does not know' },
  SdkUnreadCountError: { code: 10303, msg: 'UnreadCountError', when: 'nothing is unread' },
  SdkGroupIDNotFoundError: { code: 10400, msg: 'GroupIDNotFoundError', when: 'unknown group' },
  SdkGroupTypeErr: { code: 10401, msg: 'GroupTypeErr', when: 'a type of group the SDK does not know' },
} as const satisfies Record<string, ErrorEntry>

export const ERRORS = { ...SERVER_ERRORS, ...APP_ERRORS, ...SDK_ERRORS }

/** The names of the errors that this service may answer. */
export type ServerErrorName = Exclude<keyof typeof SERVER_ERRORS, 'NoError'>

/**
 * An error as the client gets it: `{errCode, errMsg, errDlt}`. `errMsg` is the error's name in the table above, and
 * `errDlt` is one sentence that says what is wrong with this request. A webhook's refusal sets all three itself.
 */
export class ImError extends Error {
  override readonly name = 'ImError'
  readonly code: number
  readonly errMsg: string
  readonly errDlt: string

  constructor(code: number, errMsg: string, errDlt: string) {
    super(`${code} ${errMsg}: ${errDlt}`)
    this.code = code
    this.errMsg = errMsg
    this.errDlt = errDlt
  }

  static of(name: ServerErrorName, detail: string): ImError {
    const { code, msg } = ERRORS[name]
    return new ImError(code, msg, detail)
  }

  static tooManyRequests(detail: string): ImError {
    return ImError.of('TooManyRequests', detail)
  }

  static internal(detail: string): ImError {
    return ImError.of('ServerInternalError', detail)
  }

  static args(detail: string): ImError {
    return ImError.of('ArgsError', detail)
  }

  static noPermission(detail: string): ImError {
    return ImError.of('NoPermissionError', detail)
  }

  static notFound(detail: string): ImError {
    return ImError.of('RecordNotFoundError', detail)
  }

  static userNotFound(detail: string): ImError {
    return ImError.of('UserIDNotFoundError', detail)
  }

  static registeredAlready(detail: string): ImError {
    return ImError.of('RegisteredAlreadyError', detail)
  }

  static groupNotFound(detail: string): ImError {
    return ImError.of('GroupIDNotFoundError', detail)
  }

  static groupIDExists(detail: string): ImError {
    return ImError.of('GroupIDExisted', detail)
  }

  static notInGroup(detail: string): ImError {
    return ImError.of('NotInGroupYetError', detail)
  }

  static groupDismissed(detail: string): ImError {
    return ImError.of('DismissedAlreadyError', detail)
  }

  static groupRequestHandled(detail: string): ImError {
    return ImError.of('GroupRequestHandled', detail)
  }

  static cannotAddYourself(detail: string): ImError {
    return ImError.of('CanNotAddYourselfError', detail)
  }

  static blockedByPeer(detail: string): ImError {
    return ImError.of('BlockedByPeer', detail)
  }

  static notPeersFriend(detail: string): ImError {
    return ImError.of('NotPeersFriend', detail)
  }

  static alreadyFriends(detail: string): ImError {
    return ImError.of('RelationshipAlreadyError', detail)
  }

  static friendRequestHandled(detail: string): ImError {
    return ImError.of('FriendRequestHandled', detail)
  }

  static mutedInGroup(detail: string): ImError {
    return ImError.of('MutedInGroup', detail)
  }

  static mutedGroup(detail: string): ImError {
    return ImError.of('MutedGroup', detail)
  }

  static alreadyRevoked(detail: string): ImError {
    return ImError.of('MsgAlreadyRevoke', detail)
  }

  static tokenExpired(detail: string): ImError {
    return ImError.of('TokenExpiredError', detail)
  }

  static tokenInvalid(detail: string): ImError {
    return ImError.of('TokenInvalidError', detail)
  }

  static tokenMalformed(detail: string): ImError {
    return ImError.of('TokenMalformedError', detail)
  }

  static tokenNotValidYet(detail: string): ImError {
    return ImError.of('TokenNotValidYetError', detail)
  }

  static tokenUnknown(detail: string): ImError {
    return ImError.of('TokenUnknownError', detail)
  }

  static tokenKicked(detail: string): ImError {
    return ImError.of('TokenKickedError', detail)
  }

  static tokenNotExist(detail: string): ImError {
    return ImError.of('TokenNotExistError', detail)
  }

  static tooManyConnections(detail: string): ImError {
    return ImError.of('ConnOverMaxNumLimit', detail)
  }

  static connArgs(detail: string): ImError {
    return ImError.of('ConnArgsErr', detail)
  }

  static webhookUnreachable(detail: string): ImError {
    return ImError.of('NetworkError', detail)
  }

  static badData(detail: string): ImError {
    return ImError.of('DataError', detail)
  }
}
