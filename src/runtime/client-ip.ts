const IPV6_NETWORK_GROUPS = 4

/** Where a request came from, as the platform says; "" where nobody knows, as on a developer's machine. */
export function clientIPOf(request: Request): string {
  return request.headers.get('cf-connecting-ip')?.trim() ?? ''
}

/**
 * What one subscriber has: an IPv4 address, or the network that its IPv6 address is in, where everybody has as many
 * addresses as they like. "" where nobody knows.
 */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.toLowerCase().split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const all = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  const network = all.slice(0, IPV6_NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::/64`
}
