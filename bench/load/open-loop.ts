import { setTimeout } from "node:timers/promises";
import { arrivalTimes, seededRandom } from "./arrivals.ts";
import { HttpConnection } from "./http-connection.ts";
import { connectionFailed, type LoadReport, type OpenLoopJob } from "./load-job.ts";
import { RequestRecords } from "./request-records.ts";

/** Requests that are in flight at once; more wait in the client, and their latency counts from their arrival. */
const maxConnections = 4000;

/**
 * Requests that arrive when they arrive, like those of users who do not know of each other. Latency counts from the
 * moment at which a request should have been sent, so a stall of the server (or of this client) shows in every request
 * that met it. Sending is timed by 1 ms timers: up to 1 ms of each latency is the client's.
 */
export async function runOpenLoop(job: OpenLoopJob, requests: readonly Buffer[]): Promise<LoadReport> {
  const arrivals = arrivalTimes(job.arrivals, job.requestsPerSecond, job.seconds, seededRandom(1));
  const records = new RequestRecords();
  const pool = new ConnectionPool(job.port, job.localAddress);
  const answers: Promise<void>[] = [];

  async function send(atMs: number, bytes: Buffer): Promise<void> {
    const request = records.begin(atMs);
    const connection = pool.idle() ?? (await pool.released());
    records.sent(records.now() - atMs);
    try {
      const { status, retryAfterSeconds } = await connection.send(bytes);
      records.end(request, status, retryAfterSeconds);
    } catch {
      // Whatever the reason, the request got no answer, and that is what counts.
      records.end(request, connectionFailed, Number.NaN);
    }
    pool.release(connection);
  }

  for (const [index, atMs] of arrivals.entries()) {
    while (records.now() < atMs) {
      await setTimeout(1);
    }
    answers.push(send(atMs, requests[index % requests.length] ?? Buffer.alloc(0)));
  }
  const grace = new AbortController();
  await Promise.race([
    Promise.all(answers),
    setTimeout(job.graceSeconds * 1000, undefined, { signal: grace.signal, ref: false }),
  ]);
  grace.abort();
  const report = records.report();
  pool.close();
  return report;
}

class ConnectionPool {
  readonly #port: number;
  readonly #localAddress: string | undefined;
  readonly #all: HttpConnection[] = [];
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: ((connection: HttpConnection) => void)[] = [];

  constructor(port: number, localAddress: string | undefined) {
    this.#port = port;
    this.#localAddress = localAddress;
  }

  /** The connection used last, a new one when none is idle, or null when there are too many. */
  idle(): HttpConnection | null {
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#all.length >= maxConnections) {
      return idle ?? null;
    }
    const connection = new HttpConnection(this.#port, this.#localAddress);
    this.#all.push(connection);
    return connection;
  }

  released(): Promise<HttpConnection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(connection: HttpConnection): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#idle.push(connection);
    } else {
      waiting(connection);
    }
  }

  close(): void {
    for (const connection of this.#all) {
      connection.close();
    }
  }
}
