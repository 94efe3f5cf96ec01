import { ServiceError } from "../errors.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import type { TextResult } from "./messages.ts";
import type { PreparedText } from "./prepared-text.ts";

/** UTF-16 code units of the longest slice of several texts: prose of this length takes about a millisecond. */
export const maxSliceLength = 4096;

/** A request's texts on their way through the text worker, slice by slice, in order. */
export class PendingRequest {
  /** Whose turns it uses up. */
  readonly path: readonly string[];
  readonly result: Promise<PreparedText[]>;
  readonly #resolve: (prepared: PreparedText[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #slices: Slice[];
  readonly #prepared: PreparedText[] = [];
  #isSettled = false;

  constructor(texts: readonly string[], { client }: RequestContext) {
    this.path = [client.address, client.clientId];
    this.#slices = cutIntoSlices(this, texts);
    ({ promise: this.result, resolve: this.#resolve, reject: this.#reject } = Promise.withResolvers<PreparedText[]>());
  }

  /** Nobody waits for it any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** The slice that is to be prepared next. */
  get nextSlice(): Slice | undefined {
    return this.#slices[0];
  }

  /** Takes the results of the next slice. With the last slice's, or a failure, the request is settled. */
  deliver(results: readonly TextResult[]): void {
    this.#slices.shift();
    for (const result of results) {
      if ("errorName" in result) {
        this.fail(new ServiceError("internal_error", "The text could not be prepared.", { facts: { ...result } }));
        return;
      }
      this.#prepared.push(result);
    }
    if (this.#slices.length === 0) {
      this.#isSettled = true;
      this.#resolve(this.#prepared);
    }
  }

  fail(error: unknown): void {
    this.#isSettled = true;
    this.#reject(error);
  }
}

/** Texts of one request that travel together: several with at most `maxSliceLength` together, or a single one. */
export interface Slice {
  readonly request: PendingRequest;
  readonly texts: readonly string[];
  /** UTF-16 code units of the texts together. */
  readonly length: number;
}

function cutIntoSlices(request: PendingRequest, texts: readonly string[]): Slice[] {
  const slices: Slice[] = [];
  let next: string[] = [];
  let length = 0;
  const finish = (): void => {
    if (next.length > 0) {
      slices.push({ request, texts: next, length });
    }
    next = [];
    length = 0;
  };
  for (const text of texts) {
    if (length + text.length > maxSliceLength) {
      finish();
    }
    next.push(text);
    length += text.length;
  }
  finish();
  return slices;
}
