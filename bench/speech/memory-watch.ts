import { commandLine, descendantsOf, proportionalMib, residentMib } from "../process-facts.ts";

/** Memory of the service in MiB at one moment, or the highest of each over some time. */
export interface MemoryUse {
  /** All processes together, what they share counted once. */
  readonly total: number;
  /** Of the API process alone: proportional, and resident with what it shares. */
  readonly api: number;
  readonly apiResident: number;
  readonly inference: number;
  readonly audio: number;
}

/** Reading takes some milliseconds: often enough to see the peak of seconds of work. */
const intervalMs = 250;

/** Keeps the highest use of a service until it is stopped. */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #highest: MemoryUse;

  /** @param pid Of the API process. */
  constructor(pid: number) {
    this.#pid = pid;
    this.#highest = memoryUse(pid);
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  get highest(): MemoryUse {
    return this.#highest;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = memoryUse(this.#pid);
    const before = this.#highest;
    this.#highest = {
      total: Math.max(before.total, now.total),
      api: Math.max(before.api, now.api),
      apiResident: Math.max(before.apiResident, now.apiResident),
      inference: Math.max(before.inference, now.inference),
      audio: Math.max(before.audio, now.audio),
    };
  }
}

/** @param pid Of the API process. */
export function memoryUse(pid: number): MemoryUse {
  const below = descendantsOf(pid).map((child) => ({ words: commandLine(child), mib: proportionalMib(child) }));
  const api = proportionalMib(pid);
  const inference = sum(below.filter(({ words }) => words.includes("inference/main.ts")));
  const audio = sum(below.filter(({ words }) => words.includes("audio/main.ts")));
  return { total: api + sum(below), api, apiResident: residentMib(pid), inference, audio };
}

function sum(processes: readonly { readonly mib: number }[]): number {
  return processes.reduce((total, { mib }) => total + mib, 0);
}
