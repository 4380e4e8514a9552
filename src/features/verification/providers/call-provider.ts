const TIMEOUT_MS = 10_000

/** A vendor did not take a message. Its own code says why; what it was about is not repeated. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
}

/**
 * Calls a vendor's API.
 * @param judge finds the reason of a refusal in the JSON that the vendor answers, or null
 * @throws ProviderError with that reason, for any status but 2xx, and when the vendor cannot be reached
 */
export async function callProvider(
  url: string,
  init: RequestInit,
  judge: (answer: unknown) => string | null = () => null,
): Promise<void> {
  const { ok, status, answer } = await post(url, init)
  const reason = judge(answer)
  if (reason !== null) throw new ProviderError(`the vendor refuses: ${reason}`)
  if (!ok) throw new ProviderError(`the vendor answers HTTP ${status}`)
}

async function post(url: string, init: RequestInit): Promise<{ ok: boolean; status: number; answer: unknown }> {
  try {
    // A redirection would carry the code and the keys to somewhere else.
    const options = { method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const
    const response = await fetch(url, { ...options, ...init })
    return { ok: response.ok, status: response.status, answer: await jsonOf(response) }
  } catch (error) {
    // Its message may hold the address, and the address of some vendors holds the code.
    throw new ProviderError(`the vendor cannot be reached: ${error instanceof Error ? error.name : 'unknown'}`)
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    // Not every vendor answers JSON, and a proxy in front of one never does: the status has to do.
    return null
  }
}
