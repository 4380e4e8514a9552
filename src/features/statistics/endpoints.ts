import { post } from '../../runtime/endpoint.ts'
import { activeGroups, activeUsers } from './active-users-and-groups.ts'
import { groupCreateCount, userRegisterCount } from './count-per-day.ts'
import { ActiveGroupReq, ActiveUserReq, CountPerDayReq } from './schema.ts'

export const statisticsEndpoints = [
  post('/statistics/user/register', 'admin', CountPerDayReq, userRegisterCount),
  post('/statistics/user/active', 'admin', ActiveUserReq, activeUsers),
  post('/statistics/group/create', 'admin', CountPerDayReq, groupCreateCount),
  post('/statistics/group/active', 'admin', ActiveGroupReq, activeGroups),
]
