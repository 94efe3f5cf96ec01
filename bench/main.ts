import type { Benchmark, Findings } from "./benchmark.ts";
import { classify } from "./classify.ts";
import { crashes } from "./crashes.ts";
import { gpuClassify } from "./gpu-classify.ts";
import { gpuDecode } from "./gpu-decode.ts";
import { gpuEncoder } from "./gpu-encoder.ts";
import { gpuFile } from "./gpu-file.ts";
import { gpuMemory } from "./gpu-memory.ts";
import { gpuSharing } from "./gpu-sharing.ts";
import { hardTimeout } from "./hard-timeout.ts";
import { killAudio } from "./kill-audio.ts";
import { longAudio } from "./long-audio.ts";
import { machineFacts } from "./machine.ts";
import { memory } from "./memory.ts";
import { Options } from "./options.ts";
import { overload } from "./overload.ts";
import { rateLimit } from "./rate-limit.ts";
import { slowClients } from "./slow-clients.ts";
import { formatTable } from "./table.ts";
import { telemetry } from "./telemetry.ts";
import { tokenizer } from "./tokenizer.ts";
import { transcribe } from "./transcribe.ts";
import { voxtralDecode } from "./voxtral-decode.ts";

/** `npm run bench -- NAME [--json] [options]`. */
const benchmarks: Readonly<Record<string, Benchmark>> = {
  classify,
  "hard-timeout": hardTimeout,
  overload,
  crashes,
  memory,
  telemetry,
  tokenizer,
  transcribe,
  "long-audio": longAudio,
  "kill-audio": killAudio,
  "rate-limit": rateLimit,
  "slow-clients": slowClients,
  "voxtral-decode": voxtralDecode,
  "gpu-decode": gpuDecode,
  "gpu-encoder": gpuEncoder,
  "gpu-file": gpuFile,
  "gpu-memory": gpuMemory,
  "gpu-classify": gpuClassify,
  "gpu-sharing": gpuSharing,
};

const [name = "", ...args] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined) {
  process.stderr.write(usage());
  process.exitCode = 2;
} else {
  await runAndReport(benchmark);
}

async function runAndReport({ options: descriptions, run }: Benchmark): Promise<void> {
  const options = new Options(args, descriptions);
  const machine = machineFacts();
  const startedAt = new Date().toISOString();
  const findings = await run(options, (line) => process.stderr.write(`${line}\n`));
  if (options.json) {
    const document = { benchmark: name, startedAt, machine, options: options.all(), ...findings };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    process.stdout.write(asText({ ...machine }, findings));
  }
  process.exitCode = findings.failures.length === 0 ? 0 : 1;
}

function asText(machine: Record<string, unknown>, { tables, notes, failures }: Findings): string {
  const facts = Object.entries(machine).map(([key, value]) => [key, String(value)]);
  const machineTable = formatTable({ title: `bench ${name}`, columns: ["machine", ""], rows: facts });
  const paragraphs = [
    machineTable,
    ...tables.map(formatTable),
    ...notes.map((note) => `Note: ${note}`),
    ...failures.map((failure) => `INVALID: ${failure}`),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function usage(): string {
  const lines = Object.entries(benchmarks).flatMap(([each, { summary, options }]) => [
    `  ${each.padEnd(14)}${summary}`,
    ...options.map(({ name: option, byDefault, help }) => `      --${option} (${byDefault ?? "not given"}) ${help}`),
  ]);
  return ["usage: npm run bench -- NAME [--json] [options]", "", ...lines, ""].join("\n");
}
