import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type Server as HttpServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, extname, join, resolve, sep } from 'node:path'

const PAGE = join(import.meta.dirname, 'page')
const SDK = join(dirname(createRequire(import.meta.url).resolve('@openim/wasm-client-sdk')), '..')

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  // Without this type the browser refuses to compile while it downloads.
  '.wasm': 'application/wasm',
}

export interface PageServer {
  url: string
  close(): Promise<void>
}

/** Serves the rig's page, or the given folder, as an app's static hosting would. */
export async function startPageServer(folder?: string): Promise<PageServer> {
  const http = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    const file = folder === undefined ? fileOf(path) : fileIn(folder, path === '/' ? '/index.html' : path)
    const size = await stat(file ?? '').then(
      (found) => (found.isFile() ? found.size : null),
      () => null,
    )
    if (file === null || size === null) {
      response.writeHead(404).end(`no such page: ${path}`)
      return
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': size,
    })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('the page server has no port')
  return { url: `http://127.0.0.1:${address.port}`, close: () => closed(http) }
}

/**
 * The rig's page and the SDK's files straight from node_modules: the module with its worker beside it under /sdk/, the
 * three wasm files at the root, where the SDK looks.
 */
function fileOf(path: string): string | null {
  if (path === '/') return join(PAGE, 'index.html')
  if (path === '/bridge.js') return join(PAGE, 'bridge.js')
  return fileIn(join(SDK, path.startsWith('/sdk/') ? 'lib' : 'assets'), path.replace(/^\/sdk\//, '/'))
}

function fileIn(folder: string, path: string): string | null {
  const file = resolve(folder, `.${path}`)
  return file.startsWith(folder + sep) ? file : null
}

function closed(http: HttpServer): Promise<void> {
  http.closeAllConnections()
  return new Promise((done) => http.close(() => done()))
}
