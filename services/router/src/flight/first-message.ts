/** The first message of a stream, and the whole stream again. The rest isn't read before it is asked for. */
export async function withFirst<T>(
  messages: AsyncIterable<T>,
): Promise<{ first: T | undefined; all: AsyncIterable<T> }> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<T> {
    try {
      if (first.done) return;
      yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first: first.done ? undefined : first.value, all: all() };
}
