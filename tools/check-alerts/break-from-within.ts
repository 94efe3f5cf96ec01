/**
 * Loaded into a service before its own code. While the file that DRILL_FAULT_FILE names holds one of these words:
 *
 * - `block-event-loop`: the event loop is held for 400 ms at a time, with short breaks.
 * - `throw`: methods of the language throw when they are called from the places that are listed below.
 */
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env["DRILL_FAULT_FILE"] ?? "";
const pollMs = 50;
const holdMs = 400;
let fault = "";

if (isMainThread && file !== "") {
  setInterval(look, pollMs).unref();
  // A gauge that is read; the counting of a request; a request for classification.
  throwFrom(Array.prototype, "flatMap", /gauge-readers\.ts/);
  throwFrom(Array.prototype, "find", /telemetry\/metrics\.ts/);
  throwFrom(Array.prototype, "map", /tasks\/classify\.ts/);
}

function look(): void {
  fault = read();
  if (fault === "block-event-loop") {
    const until = performance.now() + holdMs;
    while (performance.now() < until) {
      // Held.
    }
  }
}

function read(): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // There is no fault while there is no file.
    return "";
  }
}

/** Makes a method of the language throw when code of ours calls it itself. */
function throwFrom<Owner extends object>(owner: Owner, method: keyof Owner, caller: RegExp): void {
  const original = owner[method] as (...values: unknown[]) => unknown;
  const changed = function (this: unknown, ...values: unknown[]): unknown {
    // The message, this function, then whoever called it.
    if (fault === "throw" && caller.test(new Error("drill").stack?.split("\n")[2] ?? "")) {
      throw new Error("a drill");
    }
    return original.apply(this, values);
  };
  Object.defineProperty(owner, method, { value: changed, writable: true, configurable: true });
}
