import { stat } from 'node:fs/promises';

/** Ends watching. May be called twice. */
export interface WatchedFile {
  close(): void;
}

/**
 * Looks at a file every so often and reads it when it isn't what it was at the last reading: also where it was replaced by
 * another one, or a link to it now leads elsewhere, as Kubernetes does it. `read` is called once before this returns, and may throw
 * then; what it throws later goes to `onError`, and the file is left until it changes again.
 */
export function watchFile(options: {
  readonly path: string;
  readonly intervalMs: number;
  readonly read: () => void;
  readonly onError: (error: unknown) => void;
}): WatchedFile {
  const { path, intervalMs, read, onError } = options;
  // Not known yet what was read at first: whatever is found then is read once more.
  let seen = '';
  let looking = false;
  read();
  const look = async () => {
    const { mtimeMs, size, ino } = await stat(path);
    const found = `${mtimeMs} ${size} ${ino}`;
    if (found === seen) return;
    seen = found;
    read();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(onError)
      .finally(() => {
        looking = false;
      });
  }, intervalMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
