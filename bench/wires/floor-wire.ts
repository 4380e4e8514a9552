import { FRAME_BYTES, Kind, messageFrame, readFrame } from '../floor/frame.ts'
import type { Wire } from './wire.ts'

/** The floors' fixed frames. The upper bits of a count are the run, so that messages of an earlier run are detected. */
export function floorWire(wsUrl: string): Wire {
  return {
    echoes: false,
    greets: false,
    address: (user) => `${wsUrl}/?user=${user}`,
    message(run, sender, count, target) {
      const address =
        'user' in target
          ? { groupSize: 0, sender, receiver: target.user }
          : { groupSize: target.group.size, sender, receiver: target.group.first }
      return messageFrame(address, run * RUN + count)
    },
    read(payload, run, sink) {
      for (let at = 0; at < payload.length; at += FRAME_BYTES) {
        const { kind, sender, count, seq } = readFrame(payload, at)
        if (Math.floor(count / RUN) !== run) throw new Error('a message of an earlier run arrived')
        if (kind === Kind.Ack) sink.acked(count % RUN)
        else sink.arrived({ sender, count: count % RUN, seq, conversation: '' })
      }
    },
  }
}

const RUN = 2 ** 22
