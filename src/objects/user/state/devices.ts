import { z } from 'zod'
import { type AdmittedDevice, closeReason, POLICY_VIOLATION } from '../../../contracts/device-handshake.ts'
import { Platform } from '../../../protocol/constants/platform.ts'
import { WsRequestID } from '../../../protocol/constants/ws-request.ts'
import { type Envelope, envelopeFor, type WsResponse } from '../../../protocol/envelope/index.ts'
import { messageID } from '../../../runtime/ids.ts'

/** What a socket must remember of its device across hibernation. */
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

/** The user's live sockets. Which device is behind one stands in its attachment; here is only a cache of that. */
export class Devices {
  readonly #state: DurableObjectState
  readonly #known = new WeakMap<WebSocket, Device>()
  /** What the runtime listed last; null when that may be out of date. It makes a new list at every question. */
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

  /** Sockets that are open, with their devices. */
  open(): { socket: WebSocket; device: Device }[] {
    return this.#openSockets().map((socket) => ({ socket, device: this.of(socket) }))
  }

  /** Whether any device is here. */
  get someOpen(): boolean {
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
   * Whether a phone of the user gets what is pushed over its socket. OpenIM counts iOS and Android alone: a tablet or a
   * browser that is on does not keep the phone from ringing.
   */
  phoneListens(now: number): boolean {
    return this.open().some(
      ({ socket, device }) => PHONES.has(device.platformID) && !sleeps(device) && !this.#isSilent(socket, device, now),
    )
  }

  /** One frame to one device, in the device's envelope. */
  reply(socket: WebSocket, response: WsResponse): void {
    const { sdkType, compression } = this.of(socket)
    // A socket that closed in this very moment is no error: its device will come back and sync.
    if (isOpen(socket)) socket.send(envelopeFor(sdkType, compression).encode(response))
  }

  /** How large the frame of a reply with that data is on this connection. */
  frameBytes(socket: WebSocket, data: Uint8Array): number {
    const { sdkType, compression } = this.of(socket)
    const empty = { reqIdentifier: 0, msgIncr: '', operationID: '', errCode: 0, errMsg: '' }
    return envelopeFor(sdkType, compression).encode({ ...empty, data }).length + ENVELOPE_BYTES
  }

  /**
   * The same push to every device, or to those that `wanted` picks, encoded once for each kind of envelope.
   * @param operationID of the request that it comes of; "" = none is known, and the push gets one of its own: the Go
   *   core makes the requests that a push leads to under its ID, and none at all where it is missing
   */
  push(
    data: Uint8Array,
    operationID: string,
    wanted: (socket: WebSocket, device: Device) => boolean = () => true,
  ): void {
    const pushID = operationID || messageID()
    const frames = new Map<Envelope, Uint8Array>()
    for (const socket of this.#openSockets()) {
      const device = this.of(socket)
      if (sleeps(device) || !wanted(socket, device)) continue
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

  /** Tells a device that it was logged out elsewhere, and hangs up. */
  kick(socket: WebSocket, sentence: string): void {
    this.reply(socket, {
      reqIdentifier: WsRequestID.KickOnlineMsg,
      msgIncr: '',
      operationID: '',
      errCode: 0,
      errMsg: '',
      data: EMPTY,
    })
    this.close(socket, TOKEN_KICKED, sentence)
  }

  /**
   * Drops sockets whose device fell silent: the JS SDK pings every ten seconds, and the runtime remembers when it
   * answered last. Other clients ping below this level, where the network notices for us.
   * @returns whether there were any
   */
  hangUpSilent(now: number): boolean {
    const silent = this.open().filter(({ socket, device }) => this.#isSilent(socket, device, now))
    for (const { socket } of silent) socket.close(GOING_AWAY, 'no ping for a while')
    return silent.length > 0
  }

  /** Ends a connection whose device has said goodbye. */
  hangUp(socket: WebSocket): void {
    socket.close(NORMAL_CLOSURE, 'logged out')
  }

  /** Completes the closing that a device began. */
  answerClose(socket: WebSocket, code: number): void {
    socket.close(UNSENDABLE_CODES.has(code) ? NORMAL_CLOSURE : code)
  }

  close(socket: WebSocket, code: number, sentence: string): void {
    socket.close(POLICY_VIOLATION, closeReason(code, sentence))
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

/** Room for the IDs that a real frame carries. */
const ENVELOPE_BYTES = 1_024

const PHONES: ReadonlySet<number> = new Set([Platform.IOS, Platform.Android])

const TOKEN_KICKED = 1506
const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001
/** Three pings of the JS SDK, and then some. */
const SILENT_MS = 35_000
/** Codes that only tell what happened to a connection and cannot be put into a frame. */
const UNSENDABLE_CODES: ReadonlySet<number> = new Set([1005, 1006, 1015])

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.OPEN
}

/** An iPhone in the background is rung by its vendor's push; OpenIM sends nothing over its socket meanwhile. */
function sleeps({ platformID, isBackground }: Device): boolean {
  return platformID === Platform.IOS && isBackground
}
