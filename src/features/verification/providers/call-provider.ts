const TIMEOUT_MS = 10_000

/**
 * A provider refused a message. The error holds the provider's code, but neither the address nor the verification code.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
}

/**
 * Calls a provider's API.
 * @param refusalIn finds the reason of a refusal in the provider's JSON answer; null when the answer is no refusal
 * @throws ProviderError with that reason, for any status but 2xx, and when the provider cannot be reached
 */
export async function callProvider(
  url: string,
  init: RequestInit,
  refusalIn: (answer: unknown) => string | null = () => null,
): Promise<void> {
  const { ok, status, answer } = await post(url, init)
  const reason = refusalIn(answer)
  if (reason !== null) throw new ProviderError(`the provider refused: ${reason}`)
  if (!ok) throw new ProviderError(`the provider answered HTTP ${status}`)
}

async function post(url: string, init: RequestInit): Promise<{ ok: boolean; status: number; answer: unknown }> {
  try {
    // Redirects are not followed: they would send the code and the API keys to another host.
    const options = { method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const
    const response = await fetch(url, { ...options, ...init })
    return { ok: response.ok, status: response.status, answer: await jsonOf(response) }
  } catch (error) {
    // Only the error's name is kept: its message can contain the URL, and the URL of some providers contains the code.
    throw new ProviderError(`the provider cannot be reached: ${error instanceof Error ? error.name : 'unknown'}`)
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    // Some providers, and proxies in front of them, do not answer JSON; then only the status counts.
    return null
  }
}
