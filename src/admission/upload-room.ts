import { ServiceError } from "../errors.ts";
import { AddressShares } from "./address-shares.ts";
import { ConcurrencyLimit, type Permit } from "./concurrency-limit.ts";

/** What all uploads together may hold; read at every decision. */
export interface UploadRoomLimits {
  /** Uploads at a time. */
  readonly maxConcurrent: number;
  /** Bytes on disk. */
  readonly spoolBytes: number;
}

/** The places and the disk space of uploads, shared between addresses: nobody keeps everybody else from being heard. */
export class UploadRoom {
  readonly #places: ConcurrencyLimit;
  readonly #bytes: AddressShares;

  constructor(limits: () => UploadRoomLimits) {
    this.#places = new ConcurrencyLimit(() => limits().maxConcurrent);
    this.#bytes = new AddressShares(() => limits().spoolBytes);
  }

  /** Uploads that have a place now. */
  get uploads(): number {
    return this.#places.inUse;
  }

  /** Bytes on disk that they hold together. */
  get bytes(): number {
    return this.#bytes.inUse;
  }

  /** @throws ServiceError `overloaded` when there is no place, or no more for this address. */
  enter(address: string): UploadPlace {
    const permit = this.#places.tryAcquire(address);
    if (permit === null) {
      throw new ServiceError("overloaded", "Too many uploads are being received; try again later.", {
        retryAfterMs: this.#places.retryAfterMs,
      });
    }
    return new UploadPlace(address, permit, this.#bytes);
  }
}

/** What one upload holds. Whoever entered leaves, once. */
export class UploadPlace {
  readonly #address: string;
  readonly #permit: Permit;
  readonly #shares: AddressShares;
  #bytes = 0;

  constructor(address: string, permit: Permit, shares: AddressShares) {
    this.#address = address;
    this.#permit = permit;
    this.#shares = shares;
  }

  /** Takes disk space for so many more bytes, or none and returns false. */
  tryTake(bytes: number): boolean {
    if (!this.#shares.tryTake(this.#address, bytes)) {
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  leave(): void {
    this.#permit.release();
    if (this.#bytes > 0) {
      this.#shares.giveBack(this.#address, this.#bytes);
      this.#bytes = 0;
    }
  }
}
