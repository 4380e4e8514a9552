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

window.rigCall = async (method, args) => {
  try {
    const { data } = await sdk[method](...args)
    return { ok: true, data: data ?? null }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.stack : JSON.stringify(error) }
  }
}
