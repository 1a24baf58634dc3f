import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EagerSocket } from './eager-socket.ts';

const megabyte = Buffer.alloc(1 << 20, 7);

describe('a socket that takes what is written at once', () => {
  let folder: string;
  let server: net.Server;
  let eager: EagerSocket;
  let peer: Socket;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eager-'));
    server = net.createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
    peer = net.connect(join(folder, 'socket'));
    const [socket] = (await once(server, 'connection')) as [Socket];
    eager = new EagerSocket(socket);
    eager.on('error', () => {});
  });

  afterEach(async () => {
    eager.destroy();
    peer.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('holds 16 MiB for a peer that does not read, and no more', async () => {
    let taken = 0;
    for (let i = 0; i < 40; i++) eager.write(megabyte, () => taken++);
    await new Promise(setImmediate);
    expect(taken).toBeGreaterThanOrEqual(15);
    expect(taken).toBeLessThanOrEqual(17);
    let received = 0;
    for await (const chunk of peer) {
      received += chunk.length;
      if (received === 40 << 20) break;
    }
    expect(taken).toBe(40);
  });

  it('reads while what it wrote waits', async () => {
    for (let i = 0; i < 4; i++) eager.write(megabyte);
    peer.end('hello');
    const [chunk] = await once(eager, 'data');
    expect(String(chunk)).toBe('hello');
  });

  it('does not read ahead of its reader', async () => {
    let sent = 0;
    for (let i = 0; i < 40; i++) peer.write(megabyte, () => sent++);
    eager.once('readable', () => {});
    await once(eager, 'readable');
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    expect(sent).toBeLessThan(3);
  });

  it('ends and breaks as the socket does', async () => {
    eager.end(megabyte);
    let received = 0;
    for await (const chunk of peer) received += chunk.length;
    expect(received).toBe(1 << 20);
    await once(eager.resume(), 'close');
    expect(eager.destroyed).toBe(true);
  });

  it('lets go whoever waits when it is destroyed', async () => {
    const failures: unknown[] = [];
    for (let i = 0; i < 40; i++) eager.write(megabyte, (error) => failures.push(error));
    await new Promise(setImmediate);
    eager.destroy();
    await once(eager, 'close');
    expect(failures).toHaveLength(40);
    expect(failures.filter((failure) => failure instanceof Error).length).toBeGreaterThan(20);
  });
});
