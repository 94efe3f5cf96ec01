import { quantile } from "../statistics.ts";
import { hung, type LoadReport } from "./load-job.ts";

/** What happened to each request, collected while a job runs. */
export class RequestRecords {
  readonly #startsMs: number[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #statuses: number[] = [];
  readonly #retryAfterSeconds: number[] = [];
  readonly #bodies: string[] = [];
  readonly #sendDelaysMs: number[] = [];
  readonly #startedAt = performance.now();
  readonly #cpuBefore = process.cpuUsage();
  #lastAnswerMs = 0;

  /** Milliseconds since the job began. */
  now(): number {
    return performance.now() - this.#startedAt;
  }

  /** Returns the number of the request. Until `end` is called it counts as hung. */
  begin(startMs: number): number {
    this.#latenciesMs.push(Number.NaN);
    this.#statuses.push(hung);
    this.#retryAfterSeconds.push(Number.NaN);
    return this.#startsMs.push(startMs) - 1;
  }

  sent(sendDelayMs: number): void {
    this.#sendDelaysMs.push(sendDelayMs);
  }

  end(request: number, status: number, retryAfterSeconds: number): void {
    this.#lastAnswerMs = this.now();
    this.#latenciesMs[request] = this.#lastAnswerMs - (this.#startsMs[request] ?? Number.NaN);
    this.#statuses[request] = status;
    this.#retryAfterSeconds[request] = retryAfterSeconds;
  }

  keepBody(request: number, body: Buffer): void {
    this.#bodies[request] = body.toString("utf8");
  }

  report(): LoadReport {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return {
      seconds: this.#lastAnswerMs / 1000,
      startsMs: Float64Array.from(this.#startsMs),
      latenciesMs: Float64Array.from(this.#latenciesMs),
      statuses: Uint16Array.from(this.#statuses),
      retryAfterSeconds: Float64Array.from(this.#retryAfterSeconds),
      bodies: this.#bodies,
      clientCpuSeconds: (user + system) / 1e6,
      sendDelayP99Ms: quantile(this.#sendDelaysMs, 0.99),
    };
  }
}
