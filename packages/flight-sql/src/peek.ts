/** The first item of a stream, and the stream with the first item still in it. Leaving it leaves the source. */
export async function peek<T>(items: AsyncIterable<T>): Promise<{ first: T | undefined; all: AsyncIterable<T> }> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  let waiting: IteratorResult<T> | undefined = first;
  const all: AsyncIterableIterator<T> = {
    async next() {
      const result = waiting ?? (await iterator.next());
      waiting = undefined;
      return result;
    },
    async return(value) {
      await iterator.return?.(value);
      return { done: true, value };
    },
    [Symbol.asyncIterator]: () => all,
  };
  return { first: first.done ? undefined : first.value, all };
}
