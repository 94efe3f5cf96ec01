import type { Fault } from "../drill.ts";
import type { Repeating } from "../repeating.ts";
import type { Stage } from "../stage.ts";

/** A fault that is made again and again, `pauseMs` apart. Its removal waits for the last one to be over. */
export function repeatedFault(stage: Stage, pauseMs: number, action: () => Promise<void> | void): Fault {
  let running: Repeating | null = null;
  return {
    inject: () => {
      running = stage.repeat(pauseMs, action);
    },
    remove: async () => {
      await running?.[Symbol.asyncDispose]();
    },
  };
}
