import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import type { Access } from '@signaldb/access';
import { createLocalStore } from '@signaldb/object-store';
import { createLogger, createMetrics, createReadiness, defineConfig, loadConfig } from '@signaldb/runtime';
import { flowctlConfig } from '../config.ts';
import { createFlowctl, type Flowctl } from '../flowctl.ts';

export interface RunningFlowctl extends Flowctl {
  /** One gRPC call, as any client would make it. */
  call<Req, Res>(method: MethodDefinition<Req, Res>, request: Req): Promise<Res>;
}

/** flowctl on free ports, with its data under `dir`. */
export async function runFlowctl(
  dir: string,
  settings: Record<string, number> = {},
  access?: Access,
): Promise<RunningFlowctl> {
  const { flowctl } = loadConfig(defineConfig({ flowctl: flowctlConfig }), {
    argv: Object.entries({ host: '127.0.0.1', grpcPort: 0, httpPort: 0, ...settings }).flatMap(([name, value]) => [
      `--flowctl.${name}`,
      String(value),
    ]),
  });
  const running = await createFlowctl({
    config: flowctl,
    dataDir: `${dir}/flowctl`,
    store: createLocalStore({ dir: `${dir}/warehouse` }),
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    readiness: createReadiness(),
    ...(access && { access }),
  });
  const client = new Client(`127.0.0.1:${running.grpcPort}`, credentials.createInsecure());
  return {
    ...running,
    call: (method, request) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = method;
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
          error ? reject(error) : resolve(response!),
        );
      }),
    async close() {
      client.close();
      await running.close();
      access?.close();
    },
  };
}
