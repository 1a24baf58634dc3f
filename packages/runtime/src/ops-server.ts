import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface OpsServerOptions {
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

export interface OpsServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text), `/healthz` (the process answers) and `/readyz` (every check of `readiness` passes, else 503;
 * the body names each check either way). @throws the listen error, such as EADDRINUSE
 */
export async function createOpsServer({
  host = '0.0.0.0',
  port,
  metrics,
  readiness,
}: OpsServerOptions): Promise<OpsServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    respond(request, response, metrics, readiness).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    host,
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Metrics,
  readiness: Readiness,
): Promise<void> {
  const path = request.url?.split('?', 1)[0];
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'text/plain', 'Only GET is served here.\n');
  else if (path === '/metrics') send(200, metrics.registry.contentType, await metrics.registry.metrics());
  else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
  else if (path === '/readyz') {
    const report = await readiness.report();
    send(report.ready ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`);
  } else send(404, 'text/plain', 'There are /metrics, /healthz and /readyz.\n');
}
