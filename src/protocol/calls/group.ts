import {
  about,
  answers,
  bool,
  type Calls,
  does,
  int32,
  int64,
  list,
  map,
  maybe,
  ms,
  named,
  str,
  uint32,
  uint64,
} from './shape.ts'
import { PublicUserInfo } from './user.ts'

export const GroupInfo = named('GroupInfo', {
  groupID: str(),
  groupName: str(),
  notification: str(),
  introduction: str(),
  faceURL: str(),
  ownerUserID: str(),
  createTime: ms(),
  memberCount: uint32(),
  ex: str(),
  status: about(int32(), '0 in use, 1 banned, 2 dismissed, 3 muted'),
  creatorUserID: str(),
  groupType: about(int32(), '2'),
  needVerification: about(int32(), 'approval to join: 0 for applications, 1 for applications and invitations, 2 never'),
  lookMemberInfo: about(int32(), "0 members may see each other's profiles, 1 they may not"),
  applyMemberFriend: about(int32(), '0 members may send each other friend requests, 1 they may not'),
  notificationUpdateTime: ms(),
  notificationUserID: str(),
})

const GroupMember = named('GroupMember', {
  groupID: str(),
  userID: str(),
  roleLevel: about(int32(), '100 owner, 60 administrator, 20 member'),
  joinTime: ms(),
  nickname: str(),
  faceURL: str(),
  appMangerLevel: int32(),
  joinSource: about(int32(), '0 joined directly, 1 by an administrator, 2 invitation, 3 search, 4 QR code'),
  operatorUserID: str(),
  ex: str(),
  muteEndTime: ms(),
  inviterUserID: str(),
})

const GroupRequest = named('GroupRequest', {
  userInfo: maybe(PublicUserInfo),
  groupInfo: maybe(GroupInfo),
  handleResult: about(int32(), '0 pending, 1 accepted, -1 refused'),
  reqMsg: str(),
  handleMsg: str(),
  reqTime: ms(),
  handleUserID: str(),
  handleTime: ms(),
  ex: str(),
  joinSource: int32(),
  inviterUserID: str(),
})

const GroupAbstract = named('GroupAbstract', {
  groupID: str(),
  groupMemberNumber: uint32(),
  groupMemberListHash: uint64(),
})

const GroupAndOwner = named('GroupAndOwner', {
  groupInfo: maybe(GroupInfo),
  groupOwnerUserName: str(),
  groupOwnerUserID: str(),
})

const version = { version: uint64(), versionID: str() }
const delta = { ...version, full: bool(), delete: list(str()) }

const MembersDelta = named('MembersDelta', {
  ...delta,
  insert: list(GroupMember),
  update: list(GroupMember),
  group: maybe(GroupInfo),
  sortVersion: uint64(),
})

const requests = { total: int64(), groupRequests: list(GroupRequest) }

export const groupCalls = {
  '/group/create_group': answers('Creates a group with its first members.', { groupInfo: maybe(GroupInfo) }),
  '/group/set_group_info': does('Changes a group; a field with "" stays unchanged.'),
  '/group/set_group_info_ex': does('Changes a group; a null or absent field stays unchanged.'),
  '/group/transfer_group': does('Transfers a group to another owner.'),
  '/group/dismiss_group': does('Dismisses a group.'),
  '/group/mute_group': does('Mutes a group: only the owner and administrators may send messages.'),
  '/group/cancel_mute_group': does('Unmutes a group.'),

  '/group/join_group': does('Joins a group, or applies to join.'),
  '/group/quit_group': does('Leaves a group.'),
  '/group/invite_user_to_group': does(
    'Invites users to a group, or applies for them when the group requires approval.',
  ),
  '/group/kick_group': does('Removes members from a group.'),
  '/group/set_group_member_info': does('Changes the nickname, picture, `ex` or role of members.'),
  '/group/mute_group_member': does('Mutes a member for a number of seconds.'),
  '/group/cancel_mute_group_member': does('Unmutes a member.'),

  '/group/group_application_response': does('Accepts an application to join (1) or refuses it (-1).'),
  '/group/get_recv_group_applicationList': answers(
    'Lists one page of the applications to join that a user may answer.',
    requests,
  ),
  '/group/get_user_req_group_applicationList': answers(
    'Lists one page of the applications to join that a user made.',
    requests,
  ),
  '/group/get_group_users_req_application_list': answers(
    'Lists the applications of given users to join a group.',
    requests,
  ),
  '/group/get_specified_user_group_request_info': answers(
    'Returns the application of one user to join a group.',
    requests,
  ),
  '/group/get_group_application_unhandled_count': answers(
    'Counts the applications to join that a user may answer and has not.',
    {
      count: int64(),
    },
  ),

  '/group/get_groups_info': answers('Lists groups by ID; unknown groups are left out.', {
    groupInfos: list(GroupInfo),
  }),
  '/group/get_groups': answers(
    'Answers the group with a groupID. For administrators: one page of the groups whose name contains a text.',
    {
      total: uint32(),
      groups: list(GroupAndOwner),
    },
  ),
  '/group/get_joined_group_list': answers('Lists one page of the groups that a user has joined.', {
    total: uint32(),
    groups: list(GroupInfo),
  }),
  '/group/get_group_abstract_info': answers(
    'Returns the number of members of groups, and a hash of their member lists.',
    {
      groupAbstractInfos: list(GroupAbstract),
    },
  ),
  '/group/get_group_members_info': answers('Lists members by userID.', { members: list(GroupMember) }),
  '/group/get_group_member_list': answers("Lists one page of a group's members.", {
    total: uint32(),
    members: list(GroupMember),
  }),
  '/group/get_group_member_user_id': answers('Lists the userIDs of all members.', { userIDs: list(str()) }),

  '/group/get_incremental_join_groups': answers(
    "Lists the changes of a user's list of joined groups since a version.",
    {
      ...delta,
      insert: list(GroupInfo),
      update: list(GroupInfo),
      sortVersion: uint64(),
    },
  ),
  '/group/get_full_join_group_ids': answers(
    'Lists the IDs of all joined groups, unless the hash shows that the client has them.',
    {
      ...version,
      equal: bool(),
      groupIDs: list(str()),
    },
  ),
  '/group/get_incremental_group_members': answers(
    "Lists the changes of a group's list of members since a version.",
    MembersDelta,
  ),
  '/group/get_incremental_group_members_batch': answers(
    "Lists the changes of several groups' lists of members since a version, by groupID.",
    {
      respList: map(MembersDelta),
    },
  ),
  '/group/get_full_group_member_user_ids': answers(
    'Lists the userIDs of all members, unless the hash shows that the client has them.',
    {
      ...version,
      equal: bool(),
      userIDs: list(str()),
    },
  ),
} satisfies Calls
