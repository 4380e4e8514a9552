import { post } from '../../runtime/endpoint.ts'
import {
  CancelMuteGroupMemberReq,
  CreateGroupReq,
  DismissGroupReq,
  GroupApplicationResponseReq,
  InviteUserToGroupReq,
  JoinGroupReq,
  KickGroupMemberReq,
  MuteGroupMemberReq,
  MuteGroupReq,
  QuitGroupReq,
  SetGroupInfoExReq,
  SetGroupInfoReq,
  SetGroupMemberInfoReq,
  TransferGroupOwnerReq,
} from './change-schema.ts'
import { createGroup } from './lifecycle/create-group.ts'
import { dismissGroup } from './lifecycle/dismiss-group.ts'
import { cancelMuteGroup, muteGroup } from './lifecycle/mute-group.ts'
import { setGroupInfo, setGroupInfoEx } from './lifecycle/set-group-info.ts'
import { transferGroup } from './lifecycle/transfer-group.ts'
import { getGroupAbstractInfo } from './lists/get-group-abstract-info.ts'
import { getGroups, getGroupsInfo, getJoinedGroupList } from './lists/list-groups.ts'
import { getGroupMemberList, getGroupMembersInfo, getGroupMemberUserIDs } from './lists/list-members.ts'
import { getFullJoinGroupIDs, getIncrementalJoinGroups } from './lists/sync-groups.ts'
import {
  getFullGroupMemberUserIDs,
  getIncrementalGroupMembers,
  getIncrementalGroupMembersBatch,
} from './lists/sync-members.ts'
import { cancelMuteMember, muteMember } from './member-info/mute-member.ts'
import { setMemberInfo } from './member-info/set-member-info.ts'
import { inviteUsers } from './membership/invite-users.ts'
import { joinGroup } from './membership/join-group.ts'
import { kickMembers } from './membership/kick-members.ts'
import { quitGroup } from './membership/quit-group.ts'
import {
  getGroupApplicationUnhandledCount,
  getGroupUsersReqApplicationList,
  getRecvGroupApplicationList,
  getSpecifiedUserGroupRequestInfo,
  getUserReqGroupApplicationList,
} from './requests/list-requests.ts'
import { respondJoinRequest } from './requests/respond-join-request.ts'
import {
  GetFullGroupMemberUserIDsReq,
  GetFullJoinGroupIDsReq,
  GetGroupAbstractInfoReq,
  GetGroupApplicationUnhandledCountReq,
  GetGroupMemberListReq,
  GetGroupMembersInfoReq,
  GetGroupMemberUserIDsReq,
  GetGroupsInfoReq,
  GetGroupsReq,
  GetGroupUsersReqApplicationListReq,
  GetIncrementalGroupMembersBatchReq,
  GetIncrementalGroupMembersReq,
  GetIncrementalJoinGroupsReq,
  GetJoinedGroupListReq,
  GetRecvGroupApplicationListReq,
  GetSpecifiedUserGroupRequestInfoReq,
  GetUserReqGroupApplicationListReq,
} from './schema.ts'

export const groupEndpoints = [
  post('/group/create_group', 'token', CreateGroupReq, createGroup),
  post('/group/set_group_info', 'token', SetGroupInfoReq, setGroupInfo),
  post('/group/set_group_info_ex', 'token', SetGroupInfoExReq, setGroupInfoEx),
  post('/group/dismiss_group', 'token', DismissGroupReq, dismissGroup),
  post('/group/transfer_group', 'token', TransferGroupOwnerReq, transferGroup),
  post('/group/mute_group', 'token', MuteGroupReq, muteGroup),
  post('/group/cancel_mute_group', 'token', MuteGroupReq, cancelMuteGroup),

  post('/group/join_group', 'token', JoinGroupReq, joinGroup),
  post('/group/invite_user_to_group', 'token', InviteUserToGroupReq, inviteUsers),
  post('/group/group_application_response', 'token', GroupApplicationResponseReq, respondJoinRequest),
  post('/group/quit_group', 'token', QuitGroupReq, quitGroup),
  post('/group/kick_group', 'token', KickGroupMemberReq, kickMembers),
  post('/group/set_group_member_info', 'token', SetGroupMemberInfoReq, setMemberInfo),
  post('/group/mute_group_member', 'token', MuteGroupMemberReq, muteMember),
  post('/group/cancel_mute_group_member', 'token', CancelMuteGroupMemberReq, cancelMuteMember),

  post('/group/get_joined_group_list', 'token', GetJoinedGroupListReq, getJoinedGroupList),
  post('/group/get_groups_info', 'token', GetGroupsInfoReq, getGroupsInfo),
  post('/group/get_groups', 'token', GetGroupsReq, getGroups),
  post('/group/get_group_abstract_info', 'token', GetGroupAbstractInfoReq, getGroupAbstractInfo),
  post('/group/get_incremental_join_groups', 'token', GetIncrementalJoinGroupsReq, getIncrementalJoinGroups),
  post('/group/get_full_join_group_ids', 'token', GetFullJoinGroupIDsReq, getFullJoinGroupIDs),

  post('/group/get_group_member_list', 'token', GetGroupMemberListReq, getGroupMemberList),
  post('/group/get_group_members_info', 'token', GetGroupMembersInfoReq, getGroupMembersInfo),
  post('/group/get_group_member_user_id', 'token', GetGroupMemberUserIDsReq, getGroupMemberUserIDs),
  post('/group/get_incremental_group_members', 'token', GetIncrementalGroupMembersReq, getIncrementalGroupMembers),
  post(
    '/group/get_incremental_group_members_batch',
    'token',
    GetIncrementalGroupMembersBatchReq,
    getIncrementalGroupMembersBatch,
  ),
  post('/group/get_full_group_member_user_ids', 'token', GetFullGroupMemberUserIDsReq, getFullGroupMemberUserIDs),

  // OpenIM: the capital L in these two paths is on the wire.
  post('/group/get_recv_group_applicationList', 'token', GetRecvGroupApplicationListReq, getRecvGroupApplicationList),
  post(
    '/group/get_user_req_group_applicationList',
    'token',
    GetUserReqGroupApplicationListReq,
    getUserReqGroupApplicationList,
  ),
  post(
    '/group/get_group_users_req_application_list',
    'token',
    GetGroupUsersReqApplicationListReq,
    getGroupUsersReqApplicationList,
  ),
  post(
    '/group/get_specified_user_group_request_info',
    'token',
    GetSpecifiedUserGroupRequestInfoReq,
    getSpecifiedUserGroupRequestInfo,
  ),
  post(
    '/group/get_group_application_unhandled_count',
    'token',
    GetGroupApplicationUnhandledCountReq,
    getGroupApplicationUnhandledCount,
  ),
]
