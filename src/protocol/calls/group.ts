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
  needVerification: about(int32(), 'who has to be let in: 0 who applies, 1 everybody, 2 nobody'),
  lookMemberInfo: about(int32(), '0 members see profiles, 1 they do not'),
  applyMemberFriend: about(int32(), '0 members may befriend each other, 1 they may not'),
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
  joinSource: about(int32(), '0 joined, 1 administrator, 2 invitation, 3 search, 4 QR code'),
  operatorUserID: str(),
  ex: str(),
  muteEndTime: ms(),
  inviterUserID: str(),
})

const GroupRequest = named('GroupRequest', {
  userInfo: maybe(PublicUserInfo),
  groupInfo: maybe(GroupInfo),
  handleResult: about(int32(), '0 pending, 1 agreed, -1 refused'),
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
  '/group/create_group': answers('Makes a group with its first members.', { groupInfo: maybe(GroupInfo) }),
  '/group/set_group_info': does('Changes a group; "" leaves a field as it is.'),
  '/group/set_group_info_ex': does('Changes a group; null or absent leaves a field as it is.'),
  '/group/transfer_group': does('Gives a group to another owner.'),
  '/group/dismiss_group': does('Ends a group.'),
  '/group/mute_group': does('Lets nobody but owner and administrators write.'),
  '/group/cancel_mute_group': does('Lets everybody write again.'),

  '/group/join_group': does('Joins a group, or applies to join.'),
  '/group/quit_group': does('Leaves a group.'),
  '/group/invite_user_to_group': does('Brings users into a group.'),
  '/group/kick_group': does('Removes members from a group.'),
  '/group/set_group_member_info': does('Changes nickname, picture, ex or role of members.'),
  '/group/mute_group_member': does('Forbids a member to write for some seconds.'),
  '/group/cancel_mute_group_member': does('Lets a member write again.'),

  '/group/group_application_response': does('Agrees to an application to join (1) or refuses it (-1).'),
  '/group/get_recv_group_applicationList': answers('A page of the applications that a user may answer.', requests),
  '/group/get_user_req_group_applicationList': answers('A page of the applications that a user made.', requests),
  '/group/get_group_users_req_application_list': answers('The applications of given users to a group.', requests),
  '/group/get_specified_user_group_request_info': answers('The application of one user to a group.', requests),
  '/group/get_group_application_unhandled_count': answers('How many applications wait for a user to answer.', {
    count: int64(),
  }),

  '/group/get_groups_info': answers('Groups by ID; unknown ones are left out.', { groupInfos: list(GroupInfo) }),
  '/group/get_groups': answers('A page of all groups, or those that a name is found in.', {
    total: uint32(),
    groups: list(GroupAndOwner),
  }),
  '/group/get_joined_group_list': answers('A page of the groups that a user is in.', {
    total: uint32(),
    groups: list(GroupInfo),
  }),
  '/group/get_group_abstract_info': answers('How many members groups have, and a hash of who they are.', {
    groupAbstractInfos: list(GroupAbstract),
  }),
  '/group/get_group_members_info': answers('Members by userID.', { members: list(GroupMember) }),
  '/group/get_group_member_list': answers('A page of the members.', { total: uint32(), members: list(GroupMember) }),
  '/group/get_group_member_user_id': answers('The userIDs of all members.', { userIDs: list(str()) }),

  '/group/get_incremental_join_groups': answers('What changed in the list of joined groups since a version.', {
    ...delta,
    insert: list(GroupInfo),
    update: list(GroupInfo),
    sortVersion: uint64(),
  }),
  '/group/get_full_join_group_ids': answers('All joined groups, unless the hash says that they are known.', {
    ...version,
    equal: bool(),
    groupIDs: list(str()),
  }),
  '/group/get_incremental_group_members': answers('What changed among the members since a version.', MembersDelta),
  '/group/get_incremental_group_members_batch': answers('The same for several groups, by groupID.', {
    respList: map(MembersDelta),
  }),
  '/group/get_full_group_member_user_ids': answers('All members, unless the hash says that they are known.', {
    ...version,
    equal: bool(),
    userIDs: list(str()),
  }),
} satisfies Calls
