import { readTexts } from "../project.ts";
import { classifyRequest, getRequest } from "./classify-request.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { ClosedLoopJob, LoadJob, LoadReport } from "./load-job.ts";
import { runOpenLoop } from "./open-loop.ts";

/** Entry of the load process: its work is not in the server's process, nor in the one that watches the server. */

const texts = readTexts();

process.on("message", (job: LoadJob) => {
  void run(job).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit(0));

function run(job: LoadJob): Promise<LoadReport> {
  if (job.kind === "open") {
    return runOpenLoop(
      job,
      texts.map((text) => classifyRequest(job.port, [text])),
    );
  }
  return runClosedLoop(job, requestsOf(job));
}

function requestsOf({ port, path, texts: count, textsPerRequest = 1 }: ClosedLoopJob): Buffer[] {
  if (path !== undefined) {
    return [getRequest(port, path)];
  }
  const some = texts.slice(0, count);
  const starts = Array.from({ length: Math.floor(count / textsPerRequest) }, (_, index) => index * textsPerRequest);
  return starts.map((start) => classifyRequest(port, some.slice(start, start + textsPerRequest)));
}
