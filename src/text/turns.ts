/**
 * Waiting items, served in rotation: at every level of their paths the one that was served longest ago is next, so who
 * brings many items makes its own neighbours wait and nobody else.
 */
export class Turns<Item> {
  readonly #items = new Set<Item>();
  readonly #branches = new Map<string, Turns<Item>>();

  get isEmpty(): boolean {
    return this.#items.size === 0 && this.#branches.size === 0;
  }

  /** Puts an item behind those of the same path. `path` names its owners, outermost first. */
  add(item: Item, path: readonly string[]): void {
    const [key, ...rest] = path;
    if (key === undefined) {
      this.#items.add(item);
      return;
    }
    const branch = this.#branches.get(key) ?? new Turns<Item>();
    this.#branches.set(key, branch);
    branch.add(item, rest);
  }

  /** Takes an item out whose turn nobody wants any more. */
  remove(item: Item, path: readonly string[]): void {
    const [key, ...rest] = path;
    if (key === undefined) {
      this.#items.delete(item);
      return;
    }
    const branch = this.#branches.get(key);
    branch?.remove(item, rest);
    if (branch?.isEmpty === true) {
      this.#branches.delete(key);
    }
  }

  /** The item whose turn it is. */
  peek(): Item | undefined {
    for (const item of this.#items) {
      return item;
    }
    for (const branch of this.#branches.values()) {
      return branch.peek();
    }
    return undefined;
  }

  /** Takes the item whose turn it is; its owners go to the end of the line. */
  take(): Item | undefined {
    for (const item of this.#items) {
      this.#items.delete(item);
      return item;
    }
    for (const [key, branch] of this.#branches) {
      const item = branch.take();
      this.#branches.delete(key);
      if (!branch.isEmpty) {
        this.#branches.set(key, branch);
      }
      return item;
    }
    return undefined;
  }
}
