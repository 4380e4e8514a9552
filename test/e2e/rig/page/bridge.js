// The whole app: it loads the SDK exactly as its README says and hands calls and events through to the test.
import { getSDK } from '/sdk/index.es.js'

const sdk = getSDK({ coreWasmPath: '/openIM.wasm', sqlWasmPath: '/sql-wasm.wasm', debug: false })

// Not `sdk.on` for each of CbEvents: that list misspells some events (onRecvOfflineNewMessage), so its listeners are deaf.
const emit = sdk.emit.bind(sdk)
sdk.emit = (event, body) => {
  const { data, errCode = 0, errMsg = '' } = body
  window.rigEvent({ event, data: data ?? null, errCode, errMsg })
  return emit(event, body)
}

/** Files do not travel as JSON: the test sends their bytes in base64. */
function withFiles(value) {
  if (Array.isArray(value)) return value.map(withFiles)
  if (typeof value !== 'object' || value === null) return value
  if ('base64' in value) {
    const bytes = Uint8Array.from(atob(value.base64), (character) => character.charCodeAt(0))
    return new File([bytes], value.name, { type: value.type })
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withFiles(inner)]))
}

window.rigCall = async (method, args) => {
  try {
    const { data } = await sdk[method](...withFiles(args))
    return { ok: true, data: data ?? null }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.stack : JSON.stringify(error) }
  }
}
