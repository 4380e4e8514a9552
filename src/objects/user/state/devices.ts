import { z } from 'zod'
import { type AdmittedDevice, closeReason, POLICY_VIOLATION } from '../../../contracts/device-handshake.ts'
import { Platform } from '../../../protocol/constants/platform.ts'
import { WsRequestID } from '../../../protocol/constants/ws-request.ts'
import { type Envelope, envelopeFor, type WsResponse } from '../../../protocol/envelope/index.ts'
import { messageID } from '../../../runtime/ids.ts'

/** A socket's device, kept in the socket's attachment across hibernation. */
const Attachment = z.object({
  connID: z.string(),
  platformID: z.number(),
  tokenKey: z.string(),
  token: z.string(),
  sdkType: z.enum(['go', 'js']),
  sdkVersion: z.string(),
  compression: z.enum(['gzip', 'none']),
  isBackground: z.boolean(),
  /** ms. */
  connectedAt: z.number(),
})

export type Device = z.output<typeof Attachment>

const EMPTY = new Uint8Array()

/** The user's open sockets. Each socket's attachment stores its device; the maps here are a cache. */
export class Devices {
  readonly #state: DurableObjectState
  readonly #known = new WeakMap<WebSocket, Device>()
  /** The runtime's last list of sockets; null when it may be stale. The runtime builds a new list at every call. */
  #sockets: WebSocket[] | null = null

  constructor(state: DurableObjectState) {
    this.#state = state
  }

  accept(socket: WebSocket, admitted: AdmittedDevice): Device {
    this.#state.acceptWebSocket(socket)
    this.#sockets = null
    const device: Device = {
      connID: crypto.randomUUID(),
      platformID: admitted.platformID,
      tokenKey: admitted.tokenKey,
      token: admitted.token,
      sdkType: admitted.sdkType,
      sdkVersion: admitted.sdkVersion,
      compression: admitted.compression,
      // OpenIM reads the flag of the handshake and ignores it: a connection starts in the foreground.
      isBackground: false,
      connectedAt: Date.now(),
    }
    this.#remember(socket, device)
    return device
  }

  of(socket: WebSocket): Device {
    let device = this.#known.get(socket)
    if (!device) {
      device = Attachment.parse(socket.deserializeAttachment())
      this.#known.set(socket, device)
    }
    return device
  }

  setBackground(socket: WebSocket, isBackground: boolean): void {
    this.#remember(socket, { ...this.of(socket), isBackground })
  }

  /** The open sockets with their devices. */
  open(): { socket: WebSocket; device: Device }[] {
    return this.#openSockets().map((socket) => ({ socket, device: this.of(socket) }))
  }

  /** Whether any device of the user is connected. */
  get isOnline(): boolean {
    return this.#openSockets().length > 0
  }

  #openSockets(): WebSocket[] {
    this.#sockets ??= this.#state.getWebSockets()
    if (this.#sockets.every(isOpen)) return this.#sockets
    const open = this.#sockets.filter(isOpen)
    this.#sockets = null
    return open
  }

  /**
   * Whether a phone of the user gets messages over its socket, so that no offline push is needed.
   * OpenIM: only iOS and Android count as phones; an online tablet or browser does not stop offline pushes.
   */
  hasListeningPhone(now: number): boolean {
    return this.open().some(
      ({ socket, device }) =>
        PHONES.has(device.platformID) && !isBackgroundIPhone(device) && !this.#isSilent(socket, device, now),
    )
  }

  /** Sends one frame to one device, in the device's envelope. */
  reply(socket: WebSocket, response: WsResponse): void {
    const { sdkType, compression } = this.of(socket)
    // The socket may have closed in the meantime; that is no error, because its device reconnects and syncs.
    if (isOpen(socket)) socket.send(envelopeFor(sdkType, compression).encode(response))
  }

  /** An upper bound for the size of a reply frame with that data on this connection; bytes. */
  frameBytes(socket: WebSocket, data: Uint8Array): number {
    const { sdkType, compression } = this.of(socket)
    const empty = { reqIdentifier: 0, msgIncr: '', operationID: '', errCode: 0, errMsg: '' }
    return envelopeFor(sdkType, compression).encode({ ...empty, data }).length + ENVELOPE_BYTES
  }

  /**
   * Sends the same push to every device that `isWanted` picks, encoded once for each kind of envelope.
   * @param operationID the ID of the request that caused the push; "" gives the push a new ID. The Go core sends the
   *   requests that follow a push under its operationID, and sends none when the ID is missing.
   */
  push(
    data: Uint8Array,
    operationID: string,
    isWanted: (socket: WebSocket, device: Device) => boolean = () => true,
  ): void {
    const pushID = operationID || messageID()
    const frames = new Map<Envelope, Uint8Array>()
    for (const socket of this.#openSockets()) {
      const device = this.of(socket)
      if (isBackgroundIPhone(device) || !isWanted(socket, device)) continue
      const envelope = envelopeFor(device.sdkType, device.compression)
      let frame = frames.get(envelope)
      if (!frame) {
        frame = envelope.encode({
          reqIdentifier: WsRequestID.PushMsg,
          msgIncr: '',
          operationID: pushID,
          errCode: 0,
          errMsg: '',
          data,
        })
        frames.set(envelope, frame)
      }
      socket.send(frame)
    }
  }

  /** Notifies a device that its session was ended elsewhere, and closes its connection. */
  kick(socket: WebSocket, reason: string): void {
    this.reply(socket, {
      reqIdentifier: WsRequestID.KickOnlineMsg,
      msgIncr: '',
      operationID: '',
      errCode: 0,
      errMsg: '',
      data: EMPTY,
    })
    this.close(socket, TOKEN_KICKED, reason)
  }

  /**
   * Closes sockets whose device stopped pinging. The JS SDK pings every ten seconds, and the runtime stores the time of
   * its last answer. Other clients send WebSocket pings, and the runtime itself closes their dead connections.
   * @returns whether any socket was closed
   */
  closeSilent(now: number): boolean {
    const silent = this.open().filter(({ socket, device }) => this.#isSilent(socket, device, now))
    for (const { socket } of silent) socket.close(GOING_AWAY, 'the device stopped sending pings')
    return silent.length > 0
  }

  /** Closes the connection of a device that has logged out. */
  closeLoggedOut(socket: WebSocket): void {
    socket.close(NORMAL_CLOSURE, 'logged out')
  }

  /** Completes a close that the device began. The runtime throws for codes that no close frame may carry. */
  answerClose(socket: WebSocket, code: number): void {
    if (UNSENDABLE_CODES.has(code)) socket.close(NORMAL_CLOSURE)
    else socket.close(isCloseCode(code) ? code : PROTOCOL_ERROR)
  }

  /** Closes the connection of a device that sent a frame above the limit. OpenIM: the code is 1009 there, too. */
  closeTooLarge(socket: WebSocket, errCode: number, reason: string): void {
    socket.close(MESSAGE_TOO_BIG, closeReason(errCode, reason))
  }

  /** Closes a connection because of an error. */
  close(socket: WebSocket, errCode: number, reason: string): void {
    socket.close(POLICY_VIOLATION, closeReason(errCode, reason))
  }

  #isSilent(socket: WebSocket, device: Device, now: number): boolean {
    if (device.sdkType !== 'js') return false
    const pinged = this.#state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? device.connectedAt
    return now - Math.max(pinged, device.connectedAt) > SILENT_MS
  }

  #remember(socket: WebSocket, device: Device): void {
    this.#known.set(socket, device)
    socket.serializeAttachment(device)
  }
}

/** Space for the IDs that a real frame carries; bytes. */
const ENVELOPE_BYTES = 1_024

const PHONES: ReadonlySet<number> = new Set([Platform.IOS, Platform.Android])

const TOKEN_KICKED = 1506
const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001
const PROTOCOL_ERROR = 1002
const MESSAGE_TOO_BIG = 1009
/** Three ping intervals of the JS SDK, and five seconds for the network. */
const SILENT_MS = 35_000
/** Close codes that describe how a connection ended; they cannot be sent in a close frame. */
const UNSENDABLE_CODES: ReadonlySet<number> = new Set([1005, 1006, 1015])

/** Whether a close frame may carry a code: the range of the protocol, without its reserved 1004. */
function isCloseCode(code: number): boolean {
  return code >= NORMAL_CLOSURE && code < 5000 && code !== 1004
}

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.OPEN
}

/** OpenIM: an iPhone in the background gets offline pushes, and no message over its socket. */
function isBackgroundIPhone({ platformID, isBackground }: Device): boolean {
  return platformID === Platform.IOS && isBackground
}
