import { ACCESS_LINES, type Rule } from '../../scripts/access/rules.ts'
import { endpoints } from '../../src/http/endpoints.ts'

/** The outcomes of a group call: of a stranger, a member, an administrator of the group, its owner, the app server. */
const BY_ROLE: Readonly<Partial<Record<Rule, string>>> = {
  member: 'no yes yes yes yes',
  leader: 'no no yes yes yes',
  owner: 'no no no yes yes',
}

/**
 * Whether the codes of a call in a matrix agree with the documented access (docs/security.md).
 * @param codes by caller: users first, the app server last; 0 = allowed
 */
export function agreesWithDocumentation(path: string, codes: readonly number[]): boolean {
  const access = endpoints.find((endpoint) => endpoint.path === path)?.access
  const users = codes.slice(0, -1)
  if (codes.at(-1) !== 0) return false
  if (access === 'admin') return users.every((code) => code !== 0)
  const rule = ACCESS_LINES[path]?.rule
  if (rule === undefined) return false
  if (rule === 'anyone' || rule === 'own') return users.every((code) => code === 0)
  const byRole = BY_ROLE[rule]
  if (byRole) return codes.map((code) => (code === 0 ? 'yes' : 'no')).join(' ') === byRole
  return users.some((code) => code !== 0)
}
