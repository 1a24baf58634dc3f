import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 1000;

/** Comes back once something listens at the URL's host and port; says once that it waits. */
export async function untilReachable(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (let tries = 0; !(await listens(hostname, Number(port || 4317))); tries++) {
    if (tries === 0) console.log(`Waiting for ${url}: is SignalDB running (npm start)?`);
    await sleep(RETRY_MS);
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: RETRY_MS });
    const answer = (reachable: boolean) => () => {
      socket.destroy();
      resolve(reachable);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
    socket.once('timeout', answer(false));
  });
}
