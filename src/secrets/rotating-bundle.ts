import type { ConfigProblem } from "../config/config-error.ts";
import type { SecretBundle } from "./bundle.ts";
import { type BundleContents, type BundleReading, readBundle } from "./read-bundle.ts";
import { type RotationSubscriber, RotationSubscribers, type Version } from "./rotation-subscribers.ts";
import { type SecretPlaces, type Sight, seeFiles } from "./secret-places.ts";
import { SecretsError } from "./secrets-error.ts";

/** `invalid`: the new version cannot be used; `missing`: it is gone; `subscriber`: a dependant did not take it over. */
export type RotationFailure = "invalid" | "missing" | "subscriber";

/** What is told of bundles: their names as in metrics, and numbers. */
export interface SecretsReports {
  /** A version is in force, the first one too; `writtenAt` is null when none of it came from a file. */
  readonly versionChanged: (bundle: string, version: number, writtenAt: number | null) => void;
  readonly rotationFailed: (bundle: string, reason: RotationFailure) => void;
}

export interface RotatingBundleOptions {
  readonly places: SecretPlaces;
  readonly reports: SecretsReports;
  readonly overlapMs: number;
  readonly now: () => number;
}

/** Files that are written in place, or one after the other, are read once nothing has changed for this long, in ms. */
const settleMs = 250;
/** From a dependant's failure to its next try, in milliseconds. */
const retryMs = 10_000;
/** Looks at start, in case the files are being replaced just then. */
const firstLooks = 10;

/**
 * One bundle and its versions.
 *
 * - A change is *seen* when the files look different. Until they have *settled* nothing is read, unless the change came
 *   in one step: a swapped link, or a single file replaced by a rename.
 * - A reading that is wrong, once the files have settled, is dropped, and the current version stays until the files change again.
 * - A reading that differs in content becomes the *current* version; the one before stays *previous* for the overlap.
 */
export class RotatingBundle<Value> {
  readonly #bundle: SecretBundle<Value>;
  readonly #options: RotatingBundleOptions;
  readonly #subscribers: RotationSubscribers<Value>;
  /** The files as they were when they were read last. */
  #sight: Sight;
  #reading: BundleReading<Value>;
  #contents: BundleContents<Value> | null;
  #number = 0;
  #previous: { readonly value: Value; readonly endsAt: number } | null = null;
  /** A change that was seen and has not settled; `since` is when the files were first seen like this. */
  #unsettled: { readonly stamp: string; readonly since: number } | null = null;

  constructor(bundle: SecretBundle<Value>, options: RotatingBundleOptions) {
    this.#bundle = bundle;
    this.#options = options;
    this.#subscribers = new RotationSubscribers(retryMs, () => this.#fail("subscriber"));
    let read = this.#read();
    for (let look = 1; read.sight.stamp !== this.#see().stamp && look < firstLooks; look++) {
      read = this.#read();
    }
    this.#sight = read.sight;
    this.#reading = read.reading;
    this.#contents = read.reading.contents;
    this.#number = this.#contents === null ? 0 : 1;
  }

  /** What is wrong with the files as they were read last; names places. */
  get problems(): readonly ConfigProblem[] {
    return this.#reading.problems;
  }

  get warnings(): readonly ConfigProblem[] {
    return this.#reading.warnings;
  }

  /** What is wrong, for anyone to hear. */
  get complaint(): string {
    return `${this.#bundle.title} is ${this.#reading.isIncomplete ? "incomplete" : "not valid"}`;
  }

  current(): Value | null {
    return this.#contents?.value ?? null;
  }

  /** @throws {SecretsError} when it is not set. */
  require(): Value {
    if (this.#contents === null) {
      throw new SecretsError(`${this.#bundle.title} is incomplete`, [
        { key: this.#bundle.name, source: null, message: "is not set" },
      ]);
    }
    return this.#contents.value;
  }

  previous(): Value | null {
    if (this.#previous !== null && this.#options.now() >= this.#previous.endsAt) {
      this.#previous = null;
    }
    return this.#previous?.value ?? null;
  }

  onRotation(subscriber: RotationSubscriber<Value>): () => void {
    return this.#subscribers.add(subscriber, this.#number);
  }

  /** Reports the first version. */
  announce(): void {
    if (this.#number > 0) {
      this.#options.reports.versionChanged(this.#bundle.name, this.#number, this.#sight.writtenAt);
    }
  }

  /** Takes over what has changed. Returns in how many milliseconds it wants to look again; null when it need not. */
  look(): number | null {
    this.previous();
    const sight = this.#see();
    if (sight.stamp === this.#sight.stamp) {
      this.#unsettled = null;
      this.#offer();
      return null;
    }
    const wait = this.#untilSettled(sight);
    if (wait > 0 && !this.#cameInOneStep(sight)) {
      return wait;
    }
    const { reading, sight: read } = this.#read();
    if (read.stamp !== this.#see().stamp) {
      return settleMs;
    }
    if (wait > 0 && reading.contents === null) {
      // A file that was made anew may still be empty.
      return wait;
    }
    this.#unsettled = null;
    this.#sight = read;
    this.#reading = reading;
    this.#takeOver(reading);
    return null;
  }

  #takeOver({ contents, problems }: BundleReading<Value>): void {
    if (problems.length > 0) {
      this.#fail("invalid");
    } else if (contents === null) {
      if (this.#contents !== null) {
        this.#fail("missing");
      }
    } else if (this.#contents === null || !saysTheSame(contents, this.#contents)) {
      this.#swap(contents);
    }
    this.#offer();
  }

  #swap(contents: BundleContents<Value>): void {
    if (this.#contents !== null) {
      this.#previous = { value: this.#contents.value, endsAt: this.#options.now() + this.#options.overlapMs };
    }
    this.#contents = contents;
    this.#number++;
    this.#subscribers.renew();
    this.announce();
  }

  #offer(): void {
    if (this.#contents !== null) {
      const version: Version<Value> = { number: this.#number, value: this.#contents.value };
      this.#subscribers.offer(version, this.#options.now());
    }
  }

  #fail(reason: RotationFailure): void {
    this.#options.reports.rotationFailed(this.#bundle.name, reason);
  }

  /** With the link of Kubernetes all paths change together; a bundle of one file changes whole by a rename. */
  #cameInOneStep(sight: Sight): boolean {
    const isWhole = sight.paths.size === 1 || [...sight.paths].every(([name, path]) => path !== this.#pathOf(name));
    return isWhole && sight.identity !== this.#sight.identity;
  }

  #pathOf(fieldName: string): string | undefined {
    return this.#sight.paths.get(fieldName);
  }

  #untilSettled({ stamp }: Sight): number {
    const now = this.#options.now();
    if (this.#unsettled?.stamp !== stamp) {
      this.#unsettled = { stamp, since: now };
    }
    return Math.max(0, this.#unsettled.since + settleMs - now);
  }

  #see(): Sight {
    return seeFiles(this.#bundle, this.#options.places);
  }

  #read(): { reading: BundleReading<Value>; sight: Sight } {
    const sight = this.#see();
    return { reading: readBundle(this.#bundle, this.#options.places, sight), sight };
  }
}

function saysTheSame(left: BundleContents<unknown>, right: BundleContents<unknown>): boolean {
  return [...left.texts].every(([name, text]) => right.texts.get(name)?.equals(text) ?? false);
}
