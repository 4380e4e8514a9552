import { z } from 'zod'
import { GroupRole, JoinSource, Verification, WORKING_GROUP } from '../../protocol/constants/group.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { bool, int32, list, message, optional, str, uint64 } from '../../runtime/openim-json.ts'

const MAX_IDS_PER_CALL = 1_000
const MAX_ID = 64
const MAX_NAME = 255
const MAX_URL = 2_048
const MAX_WORDS = 2_048
const MAX_TEXT = 16_384
const MAX_EX = 8_192
/** The largest value of OpenIM's field, a uint32. */
const MAX_MUTED_SECONDS = 2 ** 32 - 1

const groupID = z.string().min(1).max(MAX_ID)
const userID = z.string().min(1).max(MAX_ID)
const userIDs = list(z.string()).pipe(z.array(z.string()).max(MAX_IDS_PER_CALL))
const someUserIDs = userIDs
  .refine((ids) => ids.length > 0, { error: 'name at least one user' })
  .refine((ids) => new Set(ids).size === ids.length, { error: 'the same userID is given twice' })
const text = (max: number) => str().pipe(z.string().max(max))
const verification = z.union(
  [z.literal(Verification.Applications), z.literal(Verification.All), z.literal(Verification.None)],
  { error: 'needVerification is 0, 1 or 2' },
)
const permission = z.union([z.literal(0), z.literal(1)], { error: 'the value is 0 (allowed) or 1 (forbidden)' })

export const CreateGroupReq = message({
  ownerUserID: userID,
  memberUserIDs: userIDs,
  adminUserIDs: userIDs,
  groupInfo: message(
    {
      groupID: text(MAX_ID),
      groupName: text(MAX_NAME),
      notification: text(MAX_TEXT),
      introduction: text(MAX_TEXT),
      faceURL: text(MAX_URL),
      ex: text(MAX_EX),
      creatorUserID: text(MAX_ID),
      groupType: z.literal(WORKING_GROUP, { error: 'groupType is 2, the only type' }),
      needVerification: int32().pipe(verification),
      lookMemberInfo: int32().pipe(permission),
      applyMemberFriend: int32().pipe(permission),
    },
    // Fields of OpenIM's structure that the service sets.
    ['ownerUserID', 'createTime', 'memberCount', 'status', 'notificationUpdateTime', 'notificationUserID'],
  ),
  sendMessage: optional(z.boolean()),
})

/** A field that is absent or null keeps its value. */
export const SetGroupInfoExReq = message({
  groupID,
  groupName: optional(z.string().max(MAX_NAME)),
  notification: optional(z.string().max(MAX_TEXT)),
  introduction: optional(z.string().max(MAX_TEXT)),
  faceURL: optional(z.string().max(MAX_URL)),
  ex: optional(z.string().max(MAX_EX)),
  needVerification: optional(verification),
  lookMemberInfo: optional(permission),
  applyMemberFriend: optional(permission),
})

/** The older form: a field that is "" keeps its value too. */
export const SetGroupInfoReq = message({
  groupInfoForSet: message({
    groupID,
    groupName: text(MAX_NAME),
    notification: text(MAX_TEXT),
    introduction: text(MAX_TEXT),
    faceURL: text(MAX_URL),
    ex: optional(z.string().max(MAX_EX)),
    needVerification: optional(verification),
    lookMemberInfo: optional(permission),
    applyMemberFriend: optional(permission),
  }),
})

export const JoinGroupReq = message({
  groupID,
  reqMessage: text(MAX_WORDS),
  joinSource: int32().refine((source) => source >= JoinSource.ByAdmin && source <= JoinSource.QrCode, {
    error: 'joinSource is 1 (administrator), 2 (invitation), 3 (search) or 4 (QR code)',
  }),
  // OpenIM: the field has this name on the wire, but it is the user who wants to join.
  inviterUserID: text(MAX_ID),
  ex: text(MAX_EX),
})

export const InviteUserToGroupReq = message({
  groupID,
  reason: text(MAX_WORDS),
  invitedUserIDs: someUserIDs,
  sendMessage: optional(z.boolean()),
})

export const GroupApplicationResponseReq = message({
  groupID,
  fromUserID: userID,
  handledMsg: text(MAX_WORDS),
  handleResult: z.union([z.literal(HandleResult.Agreed), z.literal(HandleResult.Refused)], {
    error: 'handleResult is 1 (agree) or -1 (refuse)',
  }),
})

export const QuitGroupReq = message({ groupID, userID: text(MAX_ID) })

export const KickGroupMemberReq = message({
  groupID,
  kickedUserIDs: someUserIDs,
  reason: text(MAX_WORDS),
  sendMessage: optional(z.boolean()),
})

export const TransferGroupOwnerReq = message({ groupID, oldOwnerUserID: userID, newOwnerUserID: userID })

export const DismissGroupReq = message({
  groupID,
  deleteMember: bool(),
  sendMessage: optional(z.boolean()),
})

export const MuteGroupMemberReq = message({
  groupID,
  userID,
  mutedSeconds: uint64().refine((seconds) => seconds > 0 && seconds <= MAX_MUTED_SECONDS, {
    error: `mutedSeconds is between 1 and ${MAX_MUTED_SECONDS}`,
  }),
})
export const CancelMuteGroupMemberReq = message({ groupID, userID })
export const MuteGroupReq = message({ groupID })

export const SetGroupMemberInfo = message({
  groupID,
  userID,
  nickname: optional(z.string().max(MAX_NAME)),
  faceURL: optional(z.string().max(MAX_URL)),
  ex: optional(z.string().max(MAX_EX)),
  roleLevel: optional(
    z.union([z.literal(GroupRole.Member), z.literal(GroupRole.Admin), z.literal(GroupRole.Owner)], {
      error: 'roleLevel is 20 (member) or 60 (administrator)',
    }),
  ),
})

export type SetGroupMemberInfo = z.output<typeof SetGroupMemberInfo>

export const SetGroupMemberInfoReq = message({
  members: z
    .array(SetGroupMemberInfo)
    .min(1, { error: 'name at least one member' })
    .max(MAX_IDS_PER_CALL)
    .refine((members) => new Set(members.map((m) => JSON.stringify([m.groupID, m.userID]))).size === members.length, {
      error: 'the same member is given twice',
    }),
})
