/** Each field has the type of the request, or the type of the reply that replaced it. */
type Changed<Request, Reply> = {
  [K in keyof Request]: Request[K] | (K extends keyof Reply ? NonNullable<Reply[K]> : never)
}

/** The request with the app server's changes. A field that is missing or null in the reply changes nothing. */
export function applyReply<Request extends object>(request: Request, reply: Request): Request
export function applyReply<Request extends object, Reply extends object>(
  request: Request,
  reply: Reply,
): Changed<Request, Reply>
export function applyReply<Request extends object>(request: Request, reply: object): Request {
  const changes = Object.entries(reply).filter(
    ([name, value]) => value !== null && value !== undefined && Object.hasOwn(request, name),
  )
  return { ...request, ...Object.fromEntries(changes) }
}
