/** What the queue needs to know of an entry. */
export interface QueueEntry {
  /** Cost of serving it: tokens of text, or frames of audio. */
  readonly length: number;
  /** Whose turn it uses up, outermost first: address, client, request. */
  readonly path: readonly string[];
}

/**
 * A queue that serves by turns instead of by arrival, so that who floods it delays itself only.
 *
 * Entries hang in a tree: addresses, their clients, their requests. At every level the child that has used least is
 * next (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996). A child that was idle starts at its
 * siblings' current level, so waiting saves up no claim. Entries of one request leave in order.
 */
export class FairQueue<Entry extends QueueEntry> {
  readonly #root = new TurnNode<Entry>();
  #size = 0;
  #waitingLength = 0;

  /** Entries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Lengths of all entries that wait, together. */
  get waitingLength(): number {
    return this.#waitingLength;
  }

  push(entry: Entry): void {
    this.#leafFor(entry).entries.push(entry);
    this.#count(entry, 1);
  }

  /** Puts back an entry that was taken and has to be served again: before whatever else its client has waiting. */
  putBack(entry: Entry): void {
    const leaf = this.#leafFor(entry);
    leaf.entries.unshift(entry);
    leaf.goFirst();
    this.#count(entry, 1);
  }

  /** The next `limit` entries in the order in which they would be served, if nothing else came. Takes nothing. */
  peek(limit: number): Entry[] {
    const entries: Entry[] = [];
    for (const entry of this.#root.inTurn()) {
      entries.push(entry);
      if (entries.length === limit) {
        break;
      }
    }
    return entries;
  }

  /** Takes an entry to serve it: its owners have used their turn. */
  take(entry: Entry): void {
    if (this.#detach(entry)) {
      this.#root.charge(entry.path, 0, entry.length);
      this.#root.prune(entry.path, 0);
    }
  }

  /** Takes an entry that nobody waits for any more. No turn is used. */
  remove(entry: Entry): void {
    if (this.#detach(entry)) {
      this.#root.prune(entry.path, 0);
    }
  }

  #detach(entry: Entry): boolean {
    const leaf = this.#root.find(entry.path);
    const position = leaf?.entries.indexOf(entry) ?? -1;
    if (leaf === undefined || position < 0) {
      return false;
    }
    leaf.entries.splice(position, 1);
    this.#count(entry, -1);
    return true;
  }

  #leafFor(entry: Entry): TurnNode<Entry> {
    return entry.path.reduce((node, key) => node.child(key), this.#root);
  }

  #count(entry: Entry, change: 1 | -1): void {
    this.#size += change;
    this.#waitingLength += change * entry.length;
  }
}

class TurnNode<Entry extends QueueEntry> {
  readonly entries: Entry[] = [];
  readonly #children = new Map<string, TurnNode<Entry>>();
  /** Length that this node has used among its siblings. */
  #used = 0;
  /** Level at which the children stand: what the child served last had used when its turn came. */
  #level = 0;

  /** Levels only grow from 0 on: no sibling has used less than this. */
  goFirst(): void {
    this.#used = -1;
  }

  child(key: string): TurnNode<Entry> {
    let child = this.#children.get(key);
    if (child === undefined) {
      child = new TurnNode<Entry>();
      child.#used = this.#level;
      this.#children.set(key, child);
    }
    return child;
  }

  find(path: readonly string[]): TurnNode<Entry> | undefined {
    let node: TurnNode<Entry> = this;
    for (const key of path) {
      const child = node.#children.get(key);
      if (child === undefined) {
        return undefined;
      }
      node = child;
    }
    return node;
  }

  *inTurn(): Generator<Entry> {
    yield* this.entries;
    const turns = [...this.#children.values()].map((child) => ({ used: child.#used, child, iterator: child.inTurn() }));
    while (turns.length > 0) {
      const next = turns.reduce((least, turn) => (turn.used < least.used ? turn : least));
      const { value, done } = next.iterator.next();
      if (done === true) {
        turns.splice(turns.indexOf(next), 1);
      } else {
        next.used += value.length;
        yield value;
      }
    }
  }

  charge(path: readonly string[], depth: number, length: number): void {
    const child = this.#children.get(path[depth] ?? "");
    if (depth < path.length && child !== undefined) {
      this.#level = Math.max(this.#level, child.#used);
      child.#used += length;
      child.charge(path, depth + 1, length);
    }
  }

  /** Forgets nodes without entries along the path. */
  prune(path: readonly string[], depth: number): void {
    const key = path[depth];
    const child = key === undefined ? undefined : this.#children.get(key);
    if (key !== undefined && child !== undefined) {
      child.prune(path, depth + 1);
      if (child.entries.length === 0 && child.#children.size === 0) {
        this.#children.delete(key);
      }
    }
  }
}
