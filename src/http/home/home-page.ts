import { html, raw } from 'hono/html'

/* Renders the page at `/`: plain HTML without scripts, fonts or other hosts. */

export type HomeLanguage = 'en' | 'zh'

export interface HomePage {
  language: HomeLanguage
  /** The address of the REST API. */
  api: string
  /** Absent on a deployment: only a developer's machine shows how to begin, and where the guide is. */
  local?: {
    /** The published default secret; null when the deployment has another one, which must not appear on a page. */
    secret: string | null
  }
}

/** The response header has the hash of this text, so that no other style applies. */
export const HOME_STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; --line: #0002; --code: #0000000a }
@media (prefers-color-scheme: dark) { :root { --line: #fff3; --code: #ffffff14 } }
body { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem }
code, pre { font: .9em/1.5 ui-monospace, monospace; background: var(--code); border-radius: .3rem }
code { padding: .1em .3em }
pre { padding: .8rem; overflow-x: auto }
pre code { padding: 0; background: none; font-size: 1em }
dl { border-top: 1px solid var(--line) }
dt { font-weight: 600; margin-top: .8rem }
dd { margin: 0 }
`

/** The links to the parts of the service, with their paths relative to the page. */
const LINKS = ['docs', 'openapi.json', 'healthz', 'readyz'] as const

interface Words {
  about: string
  notAnApp: string
  addresses: string
  links: Record<(typeof LINKS)[number], string>
  next: string
  token: string
  guide: string
}

const WORDS: Record<HomeLanguage, Words> = {
  en: {
    about: 'This is an instant-messaging server, compatible with OpenIM. It is running.',
    notAnApp: 'There is nothing to log in to here: apps and backends use the server through these addresses.',
    addresses: 'Addresses for your app',
    links: {
      docs: 'All REST calls, with their fields and errors',
      'openapi.json': 'The same for programs (OpenAPI 3.1)',
      healthz: 'Whether the server answers',
      readyz: 'Whether its database, files, objects and queues work',
    },
    next: 'Next steps',
    token: 'Get an admin token in a terminal:',
    guide: 'Then follow “Let two users talk” and “Connect your app” in the README.md of openim-edge.',
  },
  zh: {
    about: '这是一个与 OpenIM 兼容的即时通讯服务端，正在运行。',
    notAnApp: '这里没有可登录的页面：应用和业务后端通过以下地址使用本服务。',
    addresses: '应用使用的地址',
    links: {
      docs: '全部 REST 接口，及其字段和错误码',
      'openapi.json': '供程序使用的同一份文档（OpenAPI 3.1）',
      healthz: '服务是否响应',
      readyz: '数据库、文件、对象和队列是否正常',
    },
    next: '下一步',
    token: '在终端里获取管理员 token：',
    guide: '然后按照 openim-edge 的 README.zh-CN.md 中“让两个用户互发消息”和“接入你的应用”两节操作。',
  },
}

export function renderHome({ language, api, local }: HomePage): string {
  const words = WORDS[language]
  return String(html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>openim-edge</title>
<style>${raw(HOME_STYLE)}</style>
</head>
<body>
<h1>openim-edge</h1>
<p>${words.about}</p>
<p>${words.notAnApp}</p>
<h2>${words.addresses}</h2>
<p><code>apiAddr</code> <code>${api}</code><br><code>wsAddr</code> <code>${api.replace(/^http/, 'ws')}</code></p>
<dl>
${LINKS.map((link) => html`<dt><a href="${link}">/${link}</a></dt><dd>${words.links[link]}</dd>`)}
</dl>
${local ? nextSteps(words, api, local.secret) : ''}
</body>
</html>`)
}

function nextSteps(words: Words, api: string, secret: string | null) {
  const body = secret
    ? `'{"secret":"${secret}","userID":"imAdmin"}'`
    : '"{\\"secret\\":\\"$OPENIM_SECRET\\",\\"userID\\":\\"imAdmin\\"}"'
  const command = `curl -s ${api}/auth/get_admin_token -H 'operationID: hello' -d ${body}`
  return html`<h2>${words.next}</h2>
<p>${words.token}</p>
<pre><code>${command}</code></pre>
<p>${words.guide}</p>`
}
