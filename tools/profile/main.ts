import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { machineFacts } from "../../bench/machine.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { report } from "./analysis/report.ts";
import { type TraceEvent, traceEvents } from "./analysis/trace.ts";
import { type ProfileOptions, parseOptions, UsageError, usage } from "./options.ts";
import { runProfile } from "./profile-run.ts";

/** `npm run profile -- classify|transcribe`: where the time and memory of requests go, as a trace and on a page. */

const args = process.argv.slice(2);
try {
  await profile(parseOptions(args, new Date()));
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof OperatorError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}

async function profile(chosen: ProfileOptions): Promise<void> {
  const machine = machineFacts();
  const { manifest, profile: recorded, profiled, plain } = await runProfile(chosen, tell);
  const text = report({
    command: ["npm run profile --", ...args].join(" "),
    model: `${manifest.name} ${manifest.version}`,
    machine,
    profile: recorded,
    profiled,
    plain,
  });
  mkdirSync(chosen.out, { recursive: true });
  writeTrace(join(chosen.out, "trace.json"), traceEvents(recorded));
  writeFileSync(join(chosen.out, "report.md"), text);
  process.stdout.write(`${text}\n${join(chosen.out, "report.md")}, ${join(chosen.out, "trace.json")}\n`);
  const failed = [profiled, ...plain].flatMap(({ statuses }) => [...statuses]).filter((status) => status !== 200);
  if (failed.length > 0) {
    process.stdout.write(`INVALID: ${failed.length} requests failed, the first with status ${failed[0]}\n`);
    process.exitCode = 1;
  }
}

/** Event by event: a long trace is longer than a string may be. */
function writeTrace(path: string, events: readonly TraceEvent[]): void {
  const file = openSync(path, "w");
  writeSync(file, '{"displayTimeUnit":"ms","traceEvents":[');
  for (const [index, event] of events.entries()) {
    writeSync(file, `${index === 0 ? "" : ","}\n${JSON.stringify(event)}`);
  }
  writeSync(file, "\n]}\n");
  closeSync(file);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
