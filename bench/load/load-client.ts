import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ClosedLoopJob, LoadJob, LoadReport, OpenLoopJob } from "./load-job.ts";

/** A process that sends requests, one job after another. */
export class LoadClient implements Disposable {
  readonly #child: ChildProcess;

  /** @param cpus CPUs that it may use, as `taskset -c` takes them; null: all. */
  constructor(cpus: string | null = null) {
    const pinned = cpus === null ? {} : { execPath: "taskset", execArgv: ["-c", cpus, process.execPath] };
    this.#child = fork(fileURLToPath(new URL("./load-process.ts", import.meta.url)), [], {
      ...pinned,
      serialization: "advanced",
    });
  }

  closedLoop(job: Omit<ClosedLoopJob, "kind">): Promise<LoadReport> {
    return this.#run({ kind: "closed", ...job });
  }

  openLoop(job: Omit<OpenLoopJob, "kind">): Promise<LoadReport> {
    return this.#run({ kind: "open", ...job });
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  async #run(job: LoadJob): Promise<LoadReport> {
    const ended = new AbortController();
    const exit = once(this.#child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("the load process ended before its job did");
    });
    const report = once(this.#child, "message", { signal: ended.signal });
    this.#child.send(job);
    try {
      const [message] = (await Promise.race([report, exit])) as [LoadReport];
      return message;
    } finally {
      // The loser of the race must not meet an unhandled rejection.
      exit.catch(() => {});
      report.catch(() => {});
      ended.abort();
    }
  }
}
