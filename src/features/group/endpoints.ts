import { post } from '../../platform/endpoint.ts'
import { getGroupsInfo, getJoinedGroupList } from './list-groups.ts'
import {
  GetFullJoinGroupIDsReq,
  GetGroupsInfoReq,
  GetIncrementalJoinGroupsReq,
  GetJoinedGroupListReq,
} from './schema.ts'
import { getFullJoinGroupIDs, getIncrementalJoinGroups } from './sync-groups.ts'

export const groupEndpoints = [
  post('/group/get_joined_group_list', 'token', GetJoinedGroupListReq, getJoinedGroupList),
  post('/group/get_groups_info', 'token', GetGroupsInfoReq, getGroupsInfo),
  post('/group/get_incremental_join_groups', 'token', GetIncrementalJoinGroupsReq, getIncrementalJoinGroups),
  post('/group/get_full_join_group_ids', 'token', GetFullJoinGroupIDsReq, getFullJoinGroupIDs),
]
