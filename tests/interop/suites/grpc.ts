import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGrpcServer, type GrpcServerOptions } from '@signaldb/grpc';
import { fileDescriptorSet } from '@signaldb/proto/descriptors';
import { goTool } from '../grpc/go-tool.ts';
import { runGrpcurl } from '../grpc/grpcurl.ts';
import { runH2spec } from '../grpc/h2spec.ts';
import { runInteropClient } from '../grpc/interop-client.ts';
import { addTestService, buildDescriptors } from '../grpc/test-service.ts';
import type { SuiteContext } from '../suite.ts';

/** gRPC's own interoperability client, h2spec and grpcurl against the server of packages/grpc. */
export const name = 'grpc';

const testdata = join(import.meta.dirname, '../../../packages/grpc/src/testdata');

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const client = await goTool(cacheDir, 'google.golang.org/grpc/interop/client', 'v1.85.0', log);
  const h2spec = await goTool(cacheDir, 'github.com/summerwind/h2spec/cmd/h2spec', 'v2.2.1+incompatible', log);
  const grpcurl = await goTool(cacheDir, 'github.com/fullstorydev/grpcurl/cmd/grpcurl', 'v1.9.4', log);
  const descriptors = concatenate(buildDescriptors(), fileDescriptorSet);

  await withServer(descriptors, {}, async (port) => {
    log(`interoperability client: ${await runInteropClient(client, port, [])} cases over plain text`);
    await runGrpcurl(grpcurl, port);
    log('grpcurl: lists, describes and calls by reflection');
  });
  const tls = {
    key: readFileSync(join(testdata, 'localhost.key')),
    cert: readFileSync(join(testdata, 'localhost.crt')),
  };
  await withServer(descriptors, { tls }, async (port) => {
    const trust = [
      '-use_tls',
      '-use_test_ca',
      `-ca_file=${join(testdata, 'localhost.crt')}`,
      '-server_host_override=localhost',
    ];
    log(`interoperability client: ${await runInteropClient(client, port, trust)} cases over TLS`);
  });
  const plain: GrpcServerOptions = {
    http1: (request, response) => void request.resume().on('end', () => response.end('ok')),
  };
  await withServer(descriptors, plain, async (port) => {
    const { passed, known } = await runH2spec(h2spec, port);
    log(`h2spec: ${passed} cases passed; known deviations: ${known.length}`);
    for (const line of known) log(`  ${line}`);
  });
}

async function withServer(
  descriptors: Uint8Array,
  options: GrpcServerOptions,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = createGrpcServer(options);
  addTestService(server, descriptors);
  server.addReflection(descriptors);
  server.addHealth();
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  try {
    await use(port);
  } finally {
    await server.close({ graceMs: 0 });
  }
}

// Serialized protobuf messages joined are one message with the fields of both.
function concatenate(...sets: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(sets);
}
