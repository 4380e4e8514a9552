import { runDurableObjectAlarm } from 'cloudflare:test'
import { adminToken, bindings, Device, post, type ReplyBody, register, request, until, userToken } from '../rigs/rig.ts'

/** The seeded data: alice, bob and carol with friends, a group and messages. Alice is online. */
export interface World {
  token: string
  aliceToken: string
  alice: Device
  /** Two uploads with all their bytes uploaded, not yet completed. */
  upload: Upload
  form: { id: string }
}

interface Upload {
  uploadID: string
  parts: string[]
}

export const GROUP_ID = '700'
export const FILE = new TextEncoder().encode('the bytes of a small file')

const ADMIN = 'imAdmin'

export async function seedWorld(): Promise<World> {
  await register('alice', 'bob', 'carol', 'dave', 'frank', 'grace', 'heidi')
  const token = await adminToken()
  await seedGroup()
  await ok('/friend/import_friend', { ownerUserID: 'alice', friendUserIDs: ['bob'] })
  await ok('/friend/import_friend', { ownerUserID: ADMIN, friendUserIDs: ['alice'] })
  await ok('/friend/add_friend', { fromUserID: 'carol', toUserID: 'alice', reqMsg: 'hello' })
  await ok('/friend/add_black', { ownerUserID: 'alice', blackUserID: 'dave' })
  const alice = await Device.connect('alice')
  for (const [sendID, recvID] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
    [ADMIN, 'alice'],
    ['alice', ADMIN],
  ]) {
    await ok('/msg/send_msg', textMsg({ sendID, recvID, offlinePushInfo: { title: 'news' } }))
  }
  await ok('/msg/send_msg', textMsg({ sendID: 'alice', groupID: GROUP_ID, sessionType: 3 }))
  // The alarm at the end of a busy period lists the conversation in the directory.
  for (const name of ['si_alice_bob', `sg_${GROUP_ID}`]) {
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName(name))
  }
  await until(async () => (await listed()) === 2)
  return {
    token,
    aliceToken: await userToken('alice'),
    alice,
    upload: await uploadBytes(),
    form: await uploadForm(),
  }
}

/** Sends a group message that mentions alice. */
export function mention(): Promise<ReplyBody['data']> {
  return ok('/msg/send_msg', {
    ...{ sendID: 'bob', groupID: GROUP_ID, sessionType: 3, contentType: 106, notOfflinePush: true },
    content: { text: '@alice hello', atUserList: ['alice'], isAtSelf: false },
  })
}

/** Makes the calls that send the kinds of notifications which no sample sends. All of them reach alice. */
export async function sendOtherNotifications(): Promise<void> {
  const groupID = '704'
  const chat = { conversationID: 'si_alice_bob', conversationType: 1, userID: 'bob' }
  const deleteSyncOpt = { IsSyncSelf: true, IsSyncOther: false }
  const application = { groupID, reqMessage: 'hello', joinSource: 3, inviterUserID: 'carol' }
  const member = { groupID, userID: 'bob' }
  await ok('/friend/add_friend', { fromUserID: 'alice', toUserID: 'heidi', reqMsg: 'hello' })
  await ok('/friend/add_friend_response', { fromUserID: 'alice', toUserID: 'heidi', handleResult: -1 })
  await ok('/group/create_group', {
    ...{ ownerUserID: 'alice', memberUserIDs: ['bob'], adminUserIDs: [] },
    groupInfo: { groupID, groupName: 'Colleagues', groupType: 2, needVerification: 1 },
  })
  for (const handleResult of [-1, 1]) {
    await ok('/group/join_group', application)
    await ok('/group/group_application_response', { groupID, fromUserID: 'carol', handleResult })
  }
  for (const roleLevel of [60, 20]) await ok('/group/set_group_member_info', { members: [{ ...member, roleLevel }] })
  await ok('/group/set_group_info_ex', { groupID, groupName: 'Neighbours', notification: 'We meet on Monday.' })
  await ok('/conversation/set_conversations', { userIDs: ['alice'], conversation: { ...chat, isPrivateChat: true } })
  await ok('/msg/delete_msgs', { userID: 'alice', conversationID: `sg_${groupID}`, seqs: [1], deleteSyncOpt })
  await ok('/msg/clear_conversation_msg', { userID: 'alice', conversationIDs: [`sg_${groupID}`], deleteSyncOpt })
}

export function textMsg(given: object): object {
  return { contentType: 101, sessionType: 1, content: { content: 'a text to be found' }, ...given }
}

export async function ok(path: string, body: object): Promise<ReplyBody['data']> {
  const reply = await post(path, body, await adminToken())
  if (reply.errCode !== 0) throw new Error(`${path}: ${JSON.stringify(reply)}`)
  return reply.data
}

async function seedGroup(): Promise<void> {
  await ok('/group/create_group', {
    ...{ ownerUserID: 'alice', memberUserIDs: ['bob', ADMIN], adminUserIDs: [] },
    groupInfo: { groupID: GROUP_ID, groupName: 'Friends', groupType: 2, needVerification: 1 },
  })
}

async function fileHash(): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('MD5', FILE)).toString('hex')
}

export async function initiateUpload(name: string): Promise<object> {
  const hash = await fileHash()
  // OpenIM: the hash of a file is the hash of its parts' hashes, joined by commas.
  const whole = Buffer.from(await crypto.subtle.digest('MD5', new TextEncoder().encode(hash))).toString('hex')
  return {
    ...{ hash: whole, size: FILE.length, partSize: 5_242_880, maxParts: -1, cause: 'test', name },
    contentType: 'text/plain',
  }
}

async function uploadBytes(): Promise<Upload> {
  const { upload } = await ok('/object/initiate_multipart_upload', await initiateUpload(`${ADMIN}/first.txt`))
  for (const part of upload.sign.parts) {
    const put = await request(pathOf(part.url), { method: 'PUT', body: FILE })
    if (!put.ok) throw new Error(`part: ${put.status} ${await put.text()}`)
  }
  return { uploadID: upload.uploadID, parts: [await fileHash()] }
}

async function uploadForm(): Promise<{ id: string }> {
  const made = await ok('/object/initiate_form_data', formOf(`${ADMIN}/form.txt`))
  const form = new FormData()
  for (const [key, value] of Object.entries(made.formData ?? {})) form.set(key, String(value))
  form.set(made.file, new Blob([FILE]))
  const sent = await request(pathOf(made.url), { method: 'POST', body: form })
  if (!sent.ok) throw new Error(`form: ${sent.status} ${await sent.text()}`)
  return { id: made.id }
}

export const formOf = (name: string) => ({ name, size: FILE.length, contentType: 'text/plain' })

const pathOf = (url: string) => url.replace(/^https?:\/\/[^/]+/, '')

async function listed(): Promise<number | undefined> {
  const sql = `SELECT count(*) AS n FROM conversation_directory WHERE conversation_id IN ('si_alice_bob', 'sg_${GROUP_ID}')`
  return (await bindings.DB.prepare(sql).first<{ n: number }>())?.n
}
