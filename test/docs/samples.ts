/**
 * How each fenced block of the documentation is checked, in the order of its page. A block is named by the beginning of its
 * first line.
 */
type Check =
  /** A test pastes its text, and nothing else, into a shell or a file, and checks the result. */
  | 'executed'
  /** The reason why no test executes it. */
  | { not: string }

const DIAGRAM: Check = { not: 'a diagram' }
const EXTRACT: Check = { not: 'an extract of a file that has no program of its own to read it' }
const STEP: Check = { not: 'a part of a file that a recipe changes' }
const CHECKS: Check = { not: 'runs other checks or tests of this repository' }
const ACCOUNT: Check = { not: 'needs a Cloudflare account; test/scripts/ runs the programs against a fake one' }
const LONG: Check = { not: 'takes minutes; test/soak/ and bench/ check themselves when they run' }
const TYPED: Check = { not: 'type-checked by test/sdk/docs.test.ts; test/e2e/client-*.test.ts make these calls' }
const COMMAND_LINE: Check = { not: 'needs port 8787; test/scripts/im.test.ts runs the commands on another port' }

const README: readonly (readonly [start: string, check: Check])[] = [
  ['npm ci && npm start', { not: 'needs the registry; test/scripts/local-server.test.ts runs npm start' }],
  ['curl -s http://127.0.0.1:8787/auth/get_admin_token', 'executed'],
  ['npm ci && npm test', { not: 'runs this test; .ci/run runs it for every change' }],
  ['api=http://127.0.0.1:8787', 'executed'],
  ['mkdir talk && cd talk && npm init -y', 'executed'],
  ['// talk.mjs', 'executed'],
  ['node talk.mjs', 'executed'],
  ['bob got: hello, Bob', 'executed'],
  ['call /msg/send_msg', 'executed'],
  ['npm install @openim/wasm-client-sdk', 'executed'],
  ['<!-- site/index.html -->', 'executed'],
  ['echo "Open http://127.0.0.1:8000/', 'executed'],
  ['npx wrangler login', ACCOUNT],
]

export const SAMPLES: Readonly<Record<string, readonly (readonly [start: string, check: Check])[]>> = {
  'CONTRIBUTING.md': [
    ['git clone <address of your fork>', { not: 'needs a fork' }],
    ['npm run check', CHECKS],
    ['npx vitest run', CHECKS],
    ['TEST_GENERATED_SECONDS=20 npx vitest', CHECKS],
    ['group: Keep the owner first', { not: 'a commit message' }],
  ],
  'README.md': README,
  'README.zh-CN.md': README,
  'docs/api.md': [
    ['curl -s http://127.0.0.1:8787/openapi.json', 'executed'],
    ['npm run gen:examples', CHECKS],
    ['curl -si http://127.0.0.1:8787/user/get_users_info', 'executed'],
  ],
  'docs/architecture.md': [
    ['flowchart LR', DIAGRAM],
    ['flowchart TD', DIAGRAM],
    ['sequenceDiagram', DIAGRAM],
    ['sequenceDiagram', DIAGRAM],
    ['sequenceDiagram', DIAGRAM],
    ['sequenceDiagram', DIAGRAM],
    ['stateDiagram-v2', DIAGRAM],
  ],
  'docs/client.md': [
    ['import { createClient }', TYPED],
    ["const thread = client.openThread({ userID: 'bob' })", TYPED],
    ['client.conversations.subscribe', TYPED],
    ['await thread.loadOlder()', TYPED],
  ],
  'docs/cli.md': [
    ['npm run im -- --help', COMMAND_LINE],
    ['npm run -s im -- token', COMMAND_LINE],
    ['export CLOUDFLARE_ACCOUNT_ID', ACCOUNT],
    ['npm run im -- webhooks dead', COMMAND_LINE],
  ],
  'docs/cost.md': [['npm run bench:cost', LONG]],
  'docs/files.md': [
    ['curl -s $api/object/access_url', 'executed'],
    ['npx wrangler secret put', ACCOUNT],
    ['{', 'executed'],
    ['npx wrangler r2 bucket cors set', ACCOUNT],
  ],
  'docs/operations.md': [
    ['api=http://127.0.0.1:8787', 'executed'],
    ['curl -s $api/config/get_config', 'executed'],
    ['curl -s $api/readyz', 'executed'],
    ['scrape_configs:', EXTRACT],
    ['[observability.traces]', EXTRACT],
    ['curl -s "$api/cdn-cgi/handler/scheduled', 'executed'],
  ],
  'docs/performance.md': [['npm run bench', LONG]],
  'docs/push.md': [
    ['[vars]', EXTRACT],
    ["node -e 'const { x, y, d }", 'executed'],
    ['const { vapidPublicKey }', { not: 'needs a browser that is registered with a push service' }],
    ['{', 'executed'],
    ['import { createHmac, timingSafeEqual }', 'executed'],
    ['api=http://127.0.0.1:8787', 'executed'],
    ['OPENIM_PUSH=', 'executed'],
  ],
  'docs/recipes.md': [
    ['export const SetStatusTextReq', STEP],
    ['import type { z }', STEP],
    ["post('/user/set_status_text'", STEP],
    ["'/user/set_status_text': does(", STEP],
    ['npx tsc -p .', CHECKS],
    ['/** The short text', STEP],
    ['npm run gen:migrations', { not: 'writes a migration into this repository' }],
    ['import type { Database }', STEP],
    ['await putStatusText(', STEP],
    ['npx tsc -p .', CHECKS],
    ['// Conversations that the user has marked', STEP],
    ['/** The colours', STEP],
    ['readonly colours', STEP],
    ['// src/contracts/user.ts', STEP],
    ['npx tsc -p .', CHECKS],
    ['conversationDelete: kind(', STEP],
    ['await notify(', STEP],
    ['npx tsc -p .', CHECKS],
    ['afterSetStatusText: after(', STEP],
    ['afterSetStatusText: {', STEP],
    ['await sendAfterWebhook(', STEP],
    ['// webhook-list.ts', STEP],
    ['npx tsc -p .', CHECKS],
    ['bark: z.object(', STEP],
    ['const { OPENIM_PUSH_BARK_KEY', STEP],
    ['import type { BarkConfig }', STEP],
    ['if (providers.bark)', STEP],
    ['npx tsc -p .', CHECKS],
  ],
  'docs/reliability.md': [['npm run soak', LONG]],
  'docs/sending.md': [
    ['call /msg/send_msg', 'executed'],
    ['call /user/add_notification_account', 'executed'],
    ['call /manager/send_msg', 'executed'],
  ],
  'docs/verification.md': [
    ['curl -s http://127.0.0.1:8787/account/code/send', 'executed'],
    ['[[send_email]]', EXTRACT],
  ],
  'docs/webhooks.md': [
    ['OPENIM_WEBHOOK_SECRET=', 'executed'],
    ['import { createHmac, timingSafeEqual }', 'executed'],
    ['func isGenuine(', { not: 'needs Go; the block before it is the same function' }],
    ['curl -s http://127.0.0.1:8787/webhook/get_dead_letters', 'executed'],
  ],
}
