import { setTimeout as sleep } from "node:timers/promises";
import type { ConfigProblem } from "../config/config-error.ts";
import type { SecretBundle } from "./bundle.ts";
import { FolderWatch } from "./folder-watch.ts";
import { RotatingBundle, type SecretsReports } from "./rotating-bundle.ts";
import type { RotationSubscriber } from "./rotation-subscribers.ts";
import { foldersToWatch, type SecretPlaces } from "./secret-places.ts";
import { SecretsError } from "./secrets-error.ts";

export interface SecretsOptions {
  readonly places: SecretPlaces;
  readonly reports: SecretsReports;
  /** How long the last version stays valid beside the new one, in milliseconds. */
  readonly overlapMs: number;
  /** From one look at the files to the next when no event announces a change, in milliseconds. */
  readonly pollMs?: number;
  /** A clock that only moves forward, in milliseconds. */
  readonly now?: () => number;
}

type Bundles = Readonly<Record<string, SecretBundle<unknown>>>;
type ValueOf<Bundle> = Bundle extends SecretBundle<infer Value> ? Value : never;

const defaultPollMs = 1_000;
/** Looks that are asked for follow each other no faster. */
const refreshSpacingMs = 100;

/**
 * The secrets in force, bundle by bundle. Each has one current version; a new one is read as soon as its files change,
 * checked first, and swapped whole. One that is wrong or gone changes nothing and is counted.
 */
export class SecretsManager<Served extends Bundles> {
  readonly #options: SecretsOptions;
  readonly #now: () => number;
  readonly #bundles: ReadonlyMap<string, RotatingBundle<unknown>>;
  #watch: FolderWatch | null = null;
  #soon: NodeJS.Timeout | null = null;
  #refresh: Promise<void> | null = null;
  #lookedAt: number;

  /** @throws {SecretsError} when something is set and cannot be used. What is not set at all is null, and no error. */
  constructor(bundles: Served, options: SecretsOptions) {
    const { places, reports, overlapMs, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#lookedAt = now();
    const entries = Object.entries(bundles).map(([key, bundle]) => {
      return [key, new RotatingBundle(bundle, { places, reports, overlapMs, now })] as const;
    });
    this.#bundles = new Map(entries);
    const faulty = entries.map(([, bundle]) => bundle).filter((bundle) => bundle.problems.length > 0);
    if (faulty.length > 0) {
      throw new SecretsError(
        faulty.map((bundle) => bundle.complaint).join("; "),
        faulty.flatMap((bundle) => bundle.problems),
      );
    }
    for (const [, bundle] of entries) {
      bundle.announce();
    }
  }

  /** What an operator should change though it works, such as files that others can read. Names places. */
  get warnings(): readonly ConfigProblem[] {
    return [...this.#bundles.values()].flatMap((bundle) => bundle.warnings);
  }

  /** The value in force, of one version whatever is being rotated; null when none is set. */
  current<Key extends keyof Served & string>(key: Key): ValueOf<Served[Key]> | null {
    return this.#bundle(key).current();
  }

  /** The value before it, as long as the overlap lasts; null otherwise. */
  previous<Key extends keyof Served & string>(key: Key): ValueOf<Served[Key]> | null {
    return this.#bundle(key).previous();
  }

  /** @throws {SecretsError} when the bundle is not set. */
  require<Key extends keyof Served & string>(key: Key): ValueOf<Served[Key]> {
    return this.#bundle(key).require();
  }

  /**
   * From the next version on, the function is called with each. It resolves when its dependant uses the new version;
   * when it rejects, the dependant keeps the old one and the function is called again later. Returns the function that
   * ends this.
   */
  onRotation<Key extends keyof Served & string>(
    key: Key,
    subscriber: RotationSubscriber<ValueOf<Served[Key]>>,
  ): () => void {
    return this.#bundle(key).onRotation(subscriber);
  }

  /** Follows the files from now on. */
  watch(): void {
    this.close();
    const folders = foldersToWatch(this.#options.places);
    const pollMs = this.#options.pollMs ?? defaultPollMs;
    this.#watch = new FolderWatch({ folders, pollMs, onLook: () => this.look() });
  }

  /** Stops following the files. */
  close(): void {
    this.#watch?.close();
    this.#watch = null;
    clearTimeout(this.#soon ?? undefined);
    this.#soon = null;
  }

  /** Takes over what has changed, without waiting for an event or the next poll. */
  look(): void {
    this.#lookedAt = this.#now();
    const waits = [...this.#bundles.values()].map((bundle) => bundle.look()).filter((wait) => wait !== null);
    if (waits.length > 0 && this.#watch !== null) {
      clearTimeout(this.#soon ?? undefined);
      this.#soon = setTimeout(() => this.look(), Math.min(...waits)).unref();
    }
  }

  /**
   * Resolves after a look that began later than this call. Calls share their looks, and wait up to 100 ms for one, so
   * that nobody can make the service look all the time.
   */
  refresh(): Promise<void> {
    this.#refresh ??= this.#lookLater();
    return this.#refresh;
  }

  async #lookLater(): Promise<void> {
    await sleep(Math.max(0, this.#lookedAt + refreshSpacingMs - this.#now()));
    this.#refresh = null;
    this.look();
  }

  /** The constructor made one for every key, of the type that the key has. */
  #bundle<Key extends keyof Served & string>(key: Key): RotatingBundle<ValueOf<Served[Key]>> {
    return this.#bundles.get(key) as RotatingBundle<ValueOf<Served[Key]>>;
  }
}
