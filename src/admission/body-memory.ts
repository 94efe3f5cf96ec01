import { ServiceError } from "../errors.ts";
import { AddressShares } from "./address-shares.ts";

/** Bodies of the greatest size that may be held at once: 256 MiB with the default limit of 4 MiB. */
export const maxLargestBodies = 64;

/** The memory that request bodies take from their announcement until they are parsed, all requests together. */
export class BodyMemory {
  readonly #shares: AddressShares;

  /** `bodyLimitBytes` is the greatest size of one body when the service starts. */
  constructor(bodyLimitBytes: number) {
    this.#shares = new AddressShares(() => maxLargestBodies * bodyLimitBytes);
  }

  /** Bytes that are reserved now. */
  get inUse(): number {
    return this.#shares.inUse;
  }

  /**
   * Reserves what a body announces, in bytes; 0 when it does not say.
   * @throws ServiceError `overloaded` when there is no room for it, or no more for this address.
   */
  reserve(address: string, announcedBytes: number): BodyReservation {
    const reservation = new BodyReservation(this.#shares, address);
    reservation.growTo(announcedBytes);
    return reservation;
  }
}

/** The memory of one body. Whoever reserved it releases it. */
export class BodyReservation {
  readonly #shares: AddressShares;
  readonly #address: string;
  #bytes = 0;

  constructor(shares: AddressShares, address: string) {
    this.#shares = shares;
    this.#address = address;
  }

  /**
   * Makes sure that at least so many bytes are reserved.
   * @throws ServiceError `overloaded`; what was reserved before stays so.
   */
  growTo(bytes: number): void {
    const missing = bytes - this.#bytes;
    if (missing <= 0) {
      return;
    }
    if (!this.#shares.tryTake(this.#address, missing)) {
      throw new ServiceError("overloaded", "Too many request bodies are being received; try again later.");
    }
    this.#bytes = bytes;
  }

  release(): void {
    this.#shares.giveBack(this.#address, this.#bytes);
    this.#bytes = 0;
  }
}
