/** Things that took time, put together under one name. */
export interface Group {
  readonly name: string;
  readonly count: number;
  readonly total: number;
  /** Of all groups together, 0–1. */
  readonly share: number;
}

/** Adds up by name, the largest first. */
export function groupBy<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  amountOf: (item: Item) => number,
): Group[] {
  const sums = new Map<string, { count: number; total: number }>();
  for (const item of items) {
    const name = nameOf(item);
    const sum = sums.get(name) ?? { count: 0, total: 0 };
    sums.set(name, sum);
    sum.count++;
    sum.total += amountOf(item);
  }
  const all = [...sums.values()].reduce((total, sum) => total + sum.total, 0);
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum, share: all === 0 ? 0 : sum.total / all }))
    .toSorted((one, other) => other.total - one.total);
}

/** The first `count` groups, and the others as one of the name "N others". */
export function topGroups(groups: readonly Group[], count: number): Group[] {
  const rest = groups.slice(count);
  if (rest.length < 2) {
    return [...groups];
  }
  const sum = (amount: (group: Group) => number): number => rest.reduce((total, group) => total + amount(group), 0);
  const others = {
    count: sum((group) => group.count),
    total: sum((group) => group.total),
    share: sum((group) => group.share),
  };
  return [...groups.slice(0, count), { name: `${rest.length} others`, ...others }];
}
