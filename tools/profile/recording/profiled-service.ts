import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createService } from "../../../src/service.ts";
import { ProcessRecorder } from "./process-recorder.ts";
import { StageRecorder } from "./record-stages.ts";
import { type ApiRecording, apiFile } from "./recording.ts";

/** Entry of the API process of a profiled service: `src/main.ts` that writes down what it did into the folder given. */

const [folder = ""] = process.argv.slice(2);
const stages = new StageRecorder();
stages.timeStages();
const service = await createService();
stages.listen(service.events);
let recorder: ProcessRecorder | null = null;
service.events.on("service_ready", () => {
  recorder = new ProcessRecorder();
});

process.once("SIGTERM", () => {
  const own = recorder?.finish();
  void service.close("SIGTERM").then((isClean) => {
    if (own !== undefined) {
      const recording: ApiRecording = { ...own, ...stages.recording };
      writeFileSync(join(folder, apiFile), JSON.stringify(recording));
    }
    process.exit(isClean ? 0 : 1);
  });
});

await service.start();
