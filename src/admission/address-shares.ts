/**
 * Divides a limit between addresses by a dynamic threshold (Choudhury and Hahne, IEEE/ACM Transactions on Networking,
 * 1998), as the queues do: an address may take more while it holds less than twice what is free. One alone gets two
 * thirds, and there is room for whoever comes next.
 */
export class AddressShares {
  readonly #limit: () => number;
  #inUse = 0;
  /** Addresses that hold something: as many as there are holders at most. */
  readonly #byAddress = new Map<string, number>();

  /** `limit` is what all addresses together may hold, in any unit, at least 1; read at every decision. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** The number of addresses that hold something. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /** Takes `amount` for the address, or nothing and returns false. */
  tryTake(address: string, amount: number): boolean {
    const held = this.#byAddress.get(address) ?? 0;
    const free = this.#limit() - this.#inUse;
    if (amount > free || held >= 2 * free) {
      return false;
    }
    this.#change(address, held + amount, amount);
    return true;
  }

  /** Gives back what `tryTake` took, in one or several parts. */
  giveBack(address: string, amount: number): void {
    this.#change(address, (this.#byAddress.get(address) ?? 0) - amount, -amount);
  }

  #change(address: string, held: number, difference: number): void {
    this.#inUse += difference;
    if (held === 0) {
      this.#byAddress.delete(address);
    } else {
      this.#byAddress.set(address, held);
    }
  }
}
