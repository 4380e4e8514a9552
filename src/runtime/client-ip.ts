const IPV6_NETWORK_GROUPS = 4

/** The client's IP address, as Cloudflare reports it; "" when it is unknown, as on a developer's machine. */
export function clientIPOf(request: Request): string {
  return request.headers.get('cf-connecting-ip')?.trim() ?? ''
}

/**
 * The network of one internet subscriber: an IPv4 address, or the /64 of an IPv6 address, because a subscriber can use
 * every address of it. "" for an unknown address.
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
