import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { readTexts } from "../../bench/project.ts";
import type { TraceEvent } from "../../tools/profile/analysis/trace.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

/** Each time two services start and stop, in seconds on an idle machine. */
const patienceMs = 600_000;
const root = resolve(import.meta.dirname, "../..");

interface Result {
  readonly text: string;
  readonly report: string;
  readonly events: readonly TraceEvent[];
}

/** The command as a developer runs it, with few requests. */
async function profile(...args: readonly string[]): Promise<Result> {
  using folder = new TemporaryFolder();
  const command = ["tools/profile/main.ts", ...args, "--warm-up", "1", "--out", folder.path];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: root,
    env: { PATH: process.env["PATH"] },
  });
  const read = (name: string): string => readFileSync(join(folder.path, name), "utf8");
  const report = read("report.md");
  expect(stdout).toContain(report);
  const text = read("trace.json");
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  return { text, report, events: traceEvents };
}

/** Slices of requests and batches, from their two events. */
function asynchronous(
  events: readonly TraceEvent[],
  cat: string,
): { name: string; id: string; start: number; end: number }[] {
  const ends = events.filter((event) => event.ph === "e" && event.cat === cat);
  return events
    .filter((event) => event.ph === "b" && event.cat === cat)
    .map(({ name, id = "", ts }) => {
      const end = ends.find((each) => each.id === id && each.name === name && each.ts >= ts);
      return { name, id, start: ts, end: end?.ts ?? Number.NaN };
    });
}

/** What lies within a slice of the kind that should be around it. */
function expectInside(
  inner: readonly { start: number; end: number }[],
  outer: readonly { start: number; end: number }[],
): void {
  expect(inner.length).toBeGreaterThan(0);
  for (const { start, end } of inner) {
    expect(end).toBeGreaterThanOrEqual(start);
    expect(outer.some((each) => each.start <= start && end <= each.end)).toBe(true);
  }
}

function slices(events: readonly TraceEvent[], cat: string): { start: number; end: number; pid: number }[] {
  return events
    .filter((event) => event.ph === "X" && event.cat === cat)
    .map(({ ts, dur = 0, pid }) => ({ start: ts, end: ts + dur, pid }));
}

function cells(line: string): string[] {
  return line.split("|").map((cell) => cell.trim());
}

/** Figures of a column of the first table whose first column has that name. */
function column(report: string, firstColumn: string, name: string): number[] {
  const all = report.split("\n");
  const lines = all.slice(all.findIndex((line) => cells(line)[1] === firstColumn));
  const index = cells(lines[0] ?? "").indexOf(name);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) => Number.parseFloat(cells(line)[index] ?? ""));
}

function lengthOf(all: readonly { start: number; end: number }[]): number {
  return sum(all.map(({ start, end }) => end - start));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Percentages of one decimal that add up, but for what rounding them adds or takes away. One may be all: few requests
 * allocate little, and what allocates is only sampled.
 */
function expectWhole(shares: readonly number[]): void {
  expect(shares).not.toEqual([]);
  expect(Math.abs(sum(shares) - 100)).toBeLessThanOrEqual(0.05 * shares.length + 0.001);
}

function expectWholeTrace({ events }: Result, stages: readonly string[]): void {
  const requests = asynchronous(events, "request").filter(({ name }) => name.startsWith("POST"));
  const inner = asynchronous(events, "request").filter(({ name }) => !name.startsWith("POST"));
  expect(new Set(inner.map(({ name }) => name))).toEqual(new Set(stages));
  for (const request of requests) {
    expectInside(
      inner.filter(({ id }) => id === request.id || id.startsWith(`${request.id},`)),
      [request],
    );
  }
  const batches = asynchronous(events, "batch");
  const runs = asynchronous(events, "run");
  expectInside(runs, batches);
  expectInside(slices(events, "call"), runs);
  expectInside(slices(events, "session"), slices(events, "call"));
  expectInside(slices(events, "operator"), slices(events, "session"));
  expect(lengthOf(slices(events, "session"))).toBeLessThanOrEqual(lengthOf(batches));
}

describe("npm run profile", () => {
  test("shows where the time and the memory of texts go, and holds none of them", { timeout: patienceMs }, async () => {
    const result = await profile("classify", "--requests", "6", "--concurrency", "2");
    const { events, report, text } = result;
    expectWholeTrace(result, ["preprocess", "queue", "inference"]);
    expect(asynchronous(events, "request").filter(({ name }) => name === "POST /v1/classify")).toHaveLength(6);

    expect(report).toMatch(/Profiling costs: a request took [\d.]+ times as long as without\./);
    for (const table of [
      "stage",
      "part",
      "operator",
      "allocated in the API process by",
      "allocated in inference processes by",
    ]) {
      const shares = column(report, table, "share");
      expectWhole(table === "stage" || table === "part" ? shares.slice(0, -1) : shares);
    }
    const [, , , , operators = Number.NaN, batches = Number.NaN] = column(report, "part", "total ms");
    expect(operators).toBeLessThanOrEqual(batches);
    expect(sum(column(report, "operator", "total ms"))).toBeCloseTo(operators, -1);
    expect(column(report, "process", "allocated MiB").every((mebibytes) => mebibytes > 0)).toBe(true);
    expect(column(report, "process", "allocated MiB")).toHaveLength(2);

    const words = readTexts()
      .slice(0, 30)
      .map((each) => each.slice(0, 30));
    expect(words.filter((each) => text.includes(each) || report.includes(each))).toEqual([]);
  });

  test("shows where the time of speech goes, the audio process's part included", { timeout: patienceMs }, async () => {
    using folder = new TemporaryFolder();
    const model = writeTinyVoxtral(folder.path, { isFused: true });
    const clip = "test/fixtures/audio/speech/something-terribly-wrong.wav";
    const result = await profile("transcribe", "--requests", "2", "--audio", clip, "--model", model);
    expectWholeTrace(result, ["preprocess", "queue", "inference"]);
    const { report, events } = result;
    expect(report).toContain("## Operators of onnx/audio_encoder_q4.onnx");
    // The loop over the steps holds nearly all other operators of its graph; it counts without them.
    const decoder = report.slice(report.indexOf("## Operators of onnx/decoder_fused_q4.onnx"));
    expect(decoder).toMatch(/^\| Loop /m);
    expectWhole(column(decoder, "operator", "share"));
    const uploads = events.filter(({ cat, ph }) => cat === "audio" && ph === "X");
    expect(uploads.map(({ args }) => args)).toEqual(
      Array.from({ length: 2 }, () => ({
        audioMs: expect.closeTo(2_540, -2),
        decodeMs: expect.any(Number),
        voiceActivityMs: expect.any(Number),
        featuresMs: expect.any(Number),
      })),
    );
  });

  test.each([
    [["classify", "--model", "models/nothing"], 1, "manifest.json cannot be read (ENOENT)"],
    [["transcribe", "--model", "models/camembert-toxicity-fr"], 1, "is a model for text-classification, not for"],
    [["classify", "--requests", "none"], 2, "usage: npm run profile -- classify|transcribe"],
  ])("with %j ends with status %i and says why", async (args, code, message) => {
    const run = promisify(execFile)(process.execPath, ["tools/profile/main.ts", ...args], { cwd: root });
    await expect(run).rejects.toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});
