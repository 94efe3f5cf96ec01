import type { LogDestination } from "../../src/telemetry/log-destination.ts";

/** A log destination that keeps what is written to it. */
export class LogLines implements LogDestination {
  readonly #lines: string[] = [];
  /** What the next call of `takeLostLines` answers. */
  lost = 0;

  write(line: string): void {
    this.#lines.push(line);
  }

  async flush(): Promise<void> {}

  takeLostLines(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** Everything written, as text. */
  get text(): string {
    return this.#lines.join("");
  }

  /** Every line as an object. */
  get parsed(): Record<string, unknown>[] {
    return this.#lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
