import { setTimeout } from "node:timers/promises";
import { HttpConnection } from "./http-connection.ts";
import { type ClosedLoopJob, connectionFailed, type LoadReport } from "./load-job.ts";
import { RequestRecords } from "./request-records.ts";

/** Pause of a connection that just failed: a server that is gone must not be hammered. */
const pauseAfterFailureMs = 10;

/**
 * As many requests at a time as there are connections, each taking the next request of the common list: what a fixed
 * number of busy clients gets. `requests` are used from the first to the last, over and over.
 */
export async function runClosedLoop(job: ClosedLoopJob, requests: readonly Buffer[]): Promise<LoadReport> {
  const records = new RequestRecords();
  const { limit } = job;
  let started = 0;
  const mayStart = (): boolean =>
    "requests" in limit ? started < limit.requests : records.now() < limit.seconds * 1000;

  async function work(): Promise<void> {
    const connection = new HttpConnection(job.port);
    while (mayStart()) {
      const bytes = requests[started++ % requests.length] ?? Buffer.alloc(0);
      const request = records.begin(records.now());
      try {
        const { status, retryAfterSeconds, body } = await connection.send(bytes);
        records.end(request, status, retryAfterSeconds);
        if (job.keepsBodies) {
          records.keepBody(request, body);
        }
      } catch {
        // Whatever the reason, the request got no answer, and that is what counts.
        records.end(request, connectionFailed, Number.NaN);
        await setTimeout(pauseAfterFailureMs);
      }
    }
    connection.close();
  }

  await Promise.all(Array.from({ length: job.connections }, work));
  return records.report();
}
