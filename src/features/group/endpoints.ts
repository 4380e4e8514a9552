import { post } from '../../platform/endpoint.ts'
import { getGroupAbstractInfo } from './get-group-abstract-info.ts'
import { getGroups, getGroupsInfo, getJoinedGroupList } from './list-groups.ts'
import { getGroupMemberList, getGroupMembersInfo, getGroupMemberUserIDs } from './list-members.ts'
import {
  getGroupApplicationUnhandledCount,
  getGroupUsersReqApplicationList,
  getRecvGroupApplicationList,
  getSpecifiedUserGroupRequestInfo,
  getUserReqGroupApplicationList,
} from './list-requests.ts'
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
import { getFullJoinGroupIDs, getIncrementalJoinGroups } from './sync-groups.ts'
import {
  getFullGroupMemberUserIDs,
  getIncrementalGroupMembers,
  getIncrementalGroupMembersBatch,
} from './sync-members.ts'

export const groupEndpoints = [
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

  // OpenIM: the two capital L's are on the wire.
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
