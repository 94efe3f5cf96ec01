import { type HeapProfiler, Session } from "node:inspector";
import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { machineMs } from "./clock.ts";
import type { Collection, ProcessRecording } from "./recording.ts";

/** Mean bytes between two samples of the heap: fine enough for a few thousand in a short profile. */
const samplingIntervalBytes = 32_768;

/** Nanoseconds in a millisecond: the event loop's delays come in nanoseconds. */
const nanoseconds = 1e6;

/** Watches allocations, garbage collection and the event loop of the process that it is created in, from then on. */
export class ProcessRecorder {
  readonly #inspector = new Session();
  readonly #collections: Collection[] = [];
  readonly #observer = new PerformanceObserver((list) => this.#collect(list.getEntries()));
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 1 });
  readonly #residentBefore = process.memoryUsage.rss();

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
    this.#loopDelay.enable();
    this.#inspector.connect();
    this.#inspector.post("HeapProfiler.startSampling", {
      samplingInterval: samplingIntervalBytes,
      // All that was allocated, not only what is still in use at the end.
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }

  /** Everything since the start. Synchronous, so that a process can call it on its way out; to be called once. */
  finish(): ProcessRecording {
    this.#collect(this.#observer.takeRecords());
    this.#observer.disconnect();
    this.#loopDelay.disable();
    return {
      pid: process.pid,
      heap: this.#stopSampling(),
      collections: this.#collections,
      residentBytes: {
        before: this.#residentBefore,
        after: process.memoryUsage.rss(),
        highest: process.resourceUsage().maxRSS * 1024,
      },
      loopDelayMs: {
        p50: this.#loopDelay.percentile(50) / nanoseconds,
        p99: this.#loopDelay.percentile(99) / nanoseconds,
        max: this.#loopDelay.max / nanoseconds,
      },
    };
  }

  #collect(entries: readonly PerformanceEntry[]): void {
    for (const entry of entries) {
      const startMs = machineMs(entry.startTime);
      this.#collections.push({ kind: kindOf(entry), startMs, endMs: startMs + entry.duration });
    }
  }

  /** @throws Error when V8 gave no profile at once: a session with its own thread answers before `post` returns. */
  #stopSampling(): HeapProfiler.SamplingHeapProfile {
    let answer: HeapProfiler.SamplingHeapProfile | null = null;
    this.#inspector.post("HeapProfiler.stopSampling", (_error, result) => {
      answer = result?.profile ?? null;
    });
    this.#inspector.disconnect();
    if (answer === null) {
      throw new Error("V8 gave no profile of the heap");
    }
    return answer;
  }
}

function kindOf(entry: PerformanceEntry): Collection["kind"] {
  const detail: unknown = "detail" in entry ? entry.detail : null;
  const kind = typeof detail === "object" && detail !== null && "kind" in detail ? detail.kind : null;
  switch (kind) {
    case constants.NODE_PERFORMANCE_GC_MINOR:
      return "minor";
    case constants.NODE_PERFORMANCE_GC_MAJOR:
      return "major";
    default:
      return "other";
  }
}
