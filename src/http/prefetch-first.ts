/** The same items, to be read once. The first is asked for now, so that work on it begins before anybody reads. */
export function prefetchFirst<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item>> | null = iterator.next();
  // Whoever reads it hears how it failed.
  first.catch(() => {});
  const reader: AsyncIterator<Item> = {
    next: () => {
      const next = first ?? iterator.next();
      first = null;
      return next;
    },
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  };
  return { [Symbol.asyncIterator]: () => reader };
}
