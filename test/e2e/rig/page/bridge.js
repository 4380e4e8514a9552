// The whole app: it loads the SDK exactly as its README says and hands calls and events through to the test.
import { CbEvents, getSDK } from '/sdk/index.es.js'

const sdk = getSDK({ coreWasmPath: '/openIM.wasm', sqlWasmPath: '/sql-wasm.wasm', debug: false })

for (const name of Object.values(CbEvents)) {
  sdk.on(name, ({ data, errCode = 0, errMsg = '' }) =>
    window.rigEvent({ event: name, data: data ?? null, errCode, errMsg }),
  )
}

window.rigCall = async (method, args) => {
  try {
    const { data } = await sdk[method](...args)
    return { ok: true, data: data ?? null }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.stack : JSON.stringify(error) }
  }
}
