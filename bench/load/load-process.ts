import { readTexts } from "../project.ts";
import { classifyRequest } from "./classify-request.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { LoadJob, LoadReport } from "./load-job.ts";
import { runOpenLoop } from "./open-loop.ts";

/** Entry of the load process: its work is not in the server's process, nor in the one that watches the server. */

const texts = readTexts();

process.on("message", (job: LoadJob) => {
  void run(job).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit(0));

function run(job: LoadJob): Promise<LoadReport> {
  const some = job.kind === "closed" ? texts.slice(0, job.texts) : texts;
  const requests = some.map((text) => classifyRequest(job.port, text));
  return job.kind === "closed" ? runClosedLoop(job, requests) : runOpenLoop(job, requests);
}
