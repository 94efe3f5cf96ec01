import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the preloaded module can break: see there. */
export type PreloadedFault = "block-event-loop" | "throw";

/** Breaks a service from within, by a module that its Node loads before it, while a file says so. */
export class PreloadedFaults {
  readonly #file: string;

  /** @param folder where the file is written. */
  constructor(folder: string) {
    this.#file = join(folder, "fault");
  }

  /** What the service must be started with. */
  get environment(): Record<string, string> {
    const module = fileURLToPath(new URL("break-from-within.ts", import.meta.url));
    return { NODE_OPTIONS: `--import=${module}`, DRILL_FAULT_FILE: this.#file };
  }

  begin(fault: PreloadedFault): void {
    writeFileSync(this.#file, fault);
  }

  end(): void {
    rmSync(this.#file);
  }
}
