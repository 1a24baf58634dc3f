import type { Socket } from 'node:net';

export type Protocol = 'http1' | 'http2';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Which protocol a connection's first bytes begin; undefined where more are needed to tell. */
export function protocolOf(bytes: Buffer): Protocol | undefined {
  const length = Math.min(bytes.length, preface.length);
  if (preface.compare(bytes, 0, length, 0, length) !== 0) return 'http1';
  return length === preface.length ? 'http2' : undefined;
}

/**
 * Waits for a connection's first bytes and puts them back, so that whoever serves the protocol finds the connection
 * untouched (and paused). A connection that doesn't say within the time what it is, is closed.
 */
export function detectProtocol(socket: Socket, timeoutMs: number, onDetected: (protocol: Protocol) => void): void {
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('error', stop);
    socket.off('close', stop);
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const protocol = protocolOf(bytes);
    if (!protocol) return;
    stop();
    socket.pause();
    socket.unshift(bytes);
    onDetected(protocol);
  };
  socket.on('data', onData);
  socket.on('error', stop);
  socket.on('close', stop);
}
