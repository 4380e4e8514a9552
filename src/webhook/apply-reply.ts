/** Each field as it was asked for, or as the app has put it. */
type Answered<Asked, Answer> = {
  [K in keyof Asked]: Asked[K] | (K extends keyof Answer ? NonNullable<Answer[K]> : never)
}

/** What was asked for, with what the app has put in its place: what an answer leaves out, or null, changes nothing. */
export function applyReply<Asked extends object>(asked: Asked, answer: Asked): Asked
export function applyReply<Asked extends object, Answer extends object>(
  asked: Asked,
  answer: Answer,
): Answered<Asked, Answer>
export function applyReply<Asked extends object>(asked: Asked, answer: object): Asked {
  const given = Object.entries(answer).filter(
    ([name, value]) => value !== null && value !== undefined && Object.hasOwn(asked, name),
  )
  return { ...asked, ...Object.fromEntries(given) }
}
