// The thread behind createEncoder.
import { parentPort } from 'node:worker_threads';
import { encodePacked } from './encode.ts';
import type { EncodeReply, EncodeRequest } from './encoder.ts';

const port = parentPort;
if (!port) throw new Error('this module runs in a worker thread');

port.on('message', ({ id, packed, options }: EncodeRequest) => {
  try {
    const files = encodePacked(packed, options);
    const buffers = files.flatMap(({ bytes, traceIndex, traceFilter }) =>
      [bytes, traceIndex, traceFilter].flatMap((b) => (b ? [b.buffer as ArrayBuffer] : [])),
    );
    port.postMessage({ id, files } satisfies EncodeReply, buffers);
  } catch (error) {
    const { name, message } = error as Error;
    port.postMessage({ id, error: { name, message } } satisfies EncodeReply);
  }
});
