// One of the two servers, in a process of its own: `node servers.ts ours|grpc-js`. Tells its port, then its CPU time whenever asked.
import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';

const same = <T>(bytes: T): T => bytes;
const method = <Q extends boolean, S extends boolean>(name: string, requestStream: Q, responseStream: S) => ({
  path: `/bench.Bytes/${name}`,
  requestStream,
  responseStream,
  requestSerialize: same<Buffer>,
  requestDeserialize: same<Buffer>,
  responseSerialize: same<Buffer>,
  responseDeserialize: same<Buffer>,
});
const service = {
  unary: method('Unary', false, false),
  download: method('Download', false, true),
  upload: method('Upload', true, false),
  chat: method('Chat', true, true),
};

// What a service keeps in its heap, some 30 MB: it is what makes the marking of garbage dear.
const ballast = Array.from({ length: 400_000 }, (_, i) => ({ id: i, name: `entry ${i}` }));

const answer = Buffer.from('ok');
const part = (request: Buffer): [Buffer, number] => {
  const [bytes, count] = request.toString().split('x').map(Number);
  return [Buffer.alloc(bytes!, 'a'), count!];
};

// Each process loads its own server only: what is loaded makes garbage collection dearer.
async function startOurs(): Promise<number> {
  const { createGrpcServer, youngGarbageCollector } = await import('../src/index.ts');
  const server = createGrpcServer({
    limits: { receiveMessageBytesMax: Number.POSITIVE_INFINITY },
    ...(!process.env.NO_GC && { collectGarbage: youngGarbageCollector() }),
  });
  server.addService(service, {
    unary: () => answer,
    async *download(request) {
      const [message, count] = part(request);
      for (let i = 0; i < count; i++) yield message;
    },
    async upload(requests) {
      for await (const request of requests) if (request.length === 0) throw new Error('empty');
      return answer;
    },
    async *chat(requests) {
      yield* requests;
    },
  });
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port;
}

async function startGrpcJs(): Promise<number> {
  const { Server, ServerCredentials } = await import('@grpc/grpc-js');
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(service, {
    unary: (_call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => callback(null, answer),
    async download(call: ServerWritableStream<Buffer, Buffer>) {
      const [message, count] = part(call.request);
      for (let i = 0; i < count; i++)
        if (!call.write(message)) await new Promise((resolve) => call.once('drain', resolve));
      call.end();
    },
    upload(call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>) {
      call.on('data', () => {});
      call.on('end', () => callback(null, answer));
    },
    chat(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (message) => void call.write(message));
      call.on('end', () => call.end());
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

const port = await (process.argv[2] === 'ours' ? startOurs() : startGrpcJs());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6, peakMegabytes: process.resourceUsage().maxRSS / 1024 });
});
process.on('disconnect', () => process.exit());
process.send?.({ port, ballast: ballast.length });
