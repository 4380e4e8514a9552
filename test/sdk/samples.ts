/** The samples of docs/client.md: `docs.test.ts` compares them, and tsc checks them. */
import { createClient } from '../../sdk/src/client.ts'

const client = createClient({
  api: 'https://im.example.com',
  userID: 'alice',
  token: async () => (await fetch('/my-backend/chat-token')).text(),
})
await client.connect()

const thread = client.openThread({ userID: 'bob' })
thread.state.subscribe(() => {
  for (const message of thread.state.get().messages) console.log(message.status, message.content)
})
thread.send({ kind: 'text', text: 'good morning' })

client.conversations.subscribe(() => {
  const { conversations, totalUnread, isLoaded } = client.conversations.get()
  if (isLoaded) console.log(totalUnread, conversations)
})

await thread.loadOlder()
await thread.markRead()
thread.close()
