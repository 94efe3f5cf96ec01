import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { lostGpuFile, nanFile, wrongFile } from "../fixtures/plugins/folder-faults.ts";
import { crashing, hanging } from "../fixtures/plugins/triggers.ts";
import { copyRealModel, realModelFolder } from "../helpers/model-folder.ts";
import { type Readiness, readiness, readinessBecomes } from "../helpers/readiness.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

/** Each fault is put into the real service while it is ready. `/livez` is asked along with `/readyz` and always says 200. */

const periodMs = 1_000;
/**
 * What a fault may take to show: two periods. On top of them, what two cores that run other tests too may steal from the
 * service and from the test: without them, all took less than two periods.
 */
const limitMs = 2 * periodMs + 4_000;
const settings = { health: { periodMs } };
const modelCheck = "model:camembert-toxicity-fr";
const harmless = "Quel temps magnifique ce matin !";

type Annotate = (message: string) => Promise<unknown>;

/** The fault shows in time; how long it took goes into the report. */
async function expectUnready(service: ServiceProcess, annotate: Annotate): Promise<Readiness> {
  const { afterMs, ...answer } = await readinessBecomes(service, 503);
  await annotate(
    `503 after ${Math.round(afterMs)} ms with a period of ${periodMs} ms: ${JSON.stringify(answer.failing)}`,
  );
  expect(afterMs).toBeLessThan(limitMs);
  return answer;
}

test("an idle child that hangs is found out by the canary, and killed and replaced", async ({ annotate }) => {
  await using service = await ServiceProcess.ready({ settings, model: { spares: 0 } });
  const pid = signalChild(service, "SIGSTOP");
  const { failing } = await expectUnready(service, annotate);
  expect(failing).toEqual({ [modelCheck]: expect.stringMatching(/canary was not answered|work has waited/) });
  await readinessBecomes(service, 200);
  expect(service.inferencePids()).not.toContain(pid);
});

test("a child that hangs in a client's run counts as stuck", async ({ annotate }) => {
  await using service = await ServiceProcess.ready({
    // Two processes have to hang in it before it is answered.
    settings: { ...settings, deadline: { defaultMs: 120_000 } },
    model: { spares: 0, plugins: ["test/fixtures/plugins/hangs-on-token.ts"] },
  });
  const stuck = service.classify([hanging.text]);
  await service.logged(({ event, line }) => event === "process_output" && line === "hanging");
  const { failing } = await expectUnready(service, annotate);
  expect(failing).toHaveProperty([modelCheck]);
  expect((await stuck).status).toBe(500);
  await readinessBecomes(service, 200);
});

test.each([
  { fault: "NaN", file: nanFile, detail: "invalid prediction" },
  { fault: "the wrong scores", file: wrongFile, detail: "other results than expected" },
])("an idle model that begins to answer $fault is found out by the canary", async ({ file, detail }) => {
  using folder = new TemporaryFolder();
  await using service = await ServiceProcess.ready({ settings, model: faultyModel(folder) });
  writeFileSync(join(folder.path, file), "");
  const { afterMs, failing } = await readinessBecomes(service, 503);
  expect(afterMs).toBeLessThan(limitMs);
  expect(failing).toEqual({ [modelCheck]: expect.stringContaining(detail) });
  rmSync(join(folder.path, file));
  await readinessBecomes(service, 200);
});

test("a model that answers clients with NaN is not ready however busy it is", async ({ annotate }) => {
  using folder = new TemporaryFolder();
  await using service = await ServiceProcess.ready({ settings, model: faultyModel(folder) });
  const done = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    while (!done.signal.aborted) {
      await (await service.classify([harmless])).text();
    }
  });
  writeFileSync(join(folder.path, nanFile), "");
  await expectUnready(service, annotate);
  rmSync(join(folder.path, nanFile));
  await readinessBecomes(service, 200);
  done.abort();
  await Promise.all(clients);
});

test("a model that answers NaN from the start never becomes ready", async () => {
  await using service = new ServiceProcess({ settings, model: { plugins: ["test/fixtures/plugins/returns-nan.ts"] } });
  await service.logged(({ event, result }) => event === "canary_finished" && result === "invalid");
  const again = service.log.length;
  await service.logged(({ event, result }) => event === "canary_finished" && result === "invalid", again);
  expect((await readiness(service)).failing).toEqual({ [modelCheck]: expect.stringContaining("invalid prediction") });
  expect(service.log.some(({ event }) => event === "service_ready")).toBe(false);
});

test("a model file that is changed under the service makes it unready until it is as it was", async ({ annotate }) => {
  using folder = new TemporaryFolder();
  copyRealModel(folder.path, "camembert-toxicity-fr");
  const graph = join(folder.path, "onnx/model_quantized.onnx");
  unlinkSync(graph);
  copyFileSync(join(realModelFolder, "onnx/model_quantized.onnx"), graph);
  await using service = await ServiceProcess.ready({ settings, model: { folder: folder.path } });
  // Its first look is what later ones are compared with.
  await sleep(periodMs);
  const original = readFileSync(graph);
  flipByte(graph, original, 0xff);
  const { failing } = await expectUnready(service, annotate);
  expect(failing[modelCheck]).toContain("onnx/model_quantized.onnx is not what its manifest says");
  expect(failing[modelCheck]).not.toContain(folder.path);
  flipByte(graph, original, 0);
  await readinessBecomes(service, 200);
});

const mountCommand = findMountCommand();

test.skipIf(mountCommand === null)(
  "a full disk for uploads makes the service unready until there is room",
  async ({ annotate }) => {
    using folder = new TemporaryFolder();
    const spool = join(folder.path, "spool");
    mkdirSync(spool);
    const script = `mount -t tmpfs -o size=24m tmpfs "${spool}" && exec "$0" "$@"`;
    await using service = await ServiceProcess.ready({
      settings: { health: { periodMs, minSpoolFreeBytes: 8 * 1024 * 1024 } },
      hears: true,
      environment: { TMPDIR: spool },
      behind: [...(mountCommand ?? []), "sh", "-c", script],
    });
    const filler = `/proc/${service.child.pid}/root${spool}/filler`;
    writeFileSync(filler, Buffer.alloc(20 * 1024 * 1024));
    const { failing } = await expectUnready(service, annotate);
    expect(failing).toEqual({ spool: expect.stringMatching(/^the disk for uploads has \d+ bytes left/) });
    expect(() => writeFileSync(`${filler}-of-the-rest`, Buffer.alloc(20 * 1024 * 1024))).toThrow("ENOSPC");
    await expect
      .poll(async () => (await readiness(service)).failing["spool"], { timeout: 20_000 })
      .toContain("nothing can be written to the disk for uploads (ENOSPC)");
    rmSync(filler);
    rmSync(`${filler}-of-the-rest`);
    await readinessBecomes(service, 200);
  },
);

test("an event loop that lags makes the service unready for as long as it does", async ({ annotate }) => {
  const fixture = pathToFileURL(resolve(import.meta.dirname, "../fixtures/lags-on-signal.ts")).href;
  await using service = await ServiceProcess.ready({
    settings: { health: { periodMs, maxEventLoopDelayMs: 100 } },
    environment: { NODE_OPTIONS: `--import=${fixture}` },
  });
  service.child.kill("SIGUSR2");
  await expectUnready(service, annotate);
  await expect
    .poll(async () => (await readiness(service)).failing["event_loop"], { timeout: 20_000 })
    .toMatch(/late by up to \d+ ms/);
  service.child.kill("SIGUSR2");
  await readinessBecomes(service, 200);
});

test("a crash loop makes the service unready, though each process is replaced at once", async ({ annotate }) => {
  await using service = await ServiceProcess.ready({
    settings: { health: { periodMs, maxRestartsPerMinute: 2 } },
    model: { spares: 1 },
  });
  for (let kills = 0; kills < 3; kills++) {
    const before = service.log.length;
    signalChild(service, "SIGKILL");
    await service.logged(({ event }) => event === "process_ready", before);
  }
  await expectUnready(service, annotate);
  // On a busy machine the model may be unready for its silence before.
  const detail = async (): Promise<string> => (await readiness(service)).failing[modelCheck] ?? "";
  await expect.poll(detail, { timeout: 30_000 }).toContain("3 processes ended unexpectedly within a minute");
  writeFileSync(service.settingsFile, stringify({ health: { periodMs, maxRestartsPerMinute: 3 } }));
  service.child.kill("SIGHUP");
  await readinessBecomes(service, 200);
});

test("the processes that one client's texts kill are no crash loop", async () => {
  await using service = await ServiceProcess.ready({
    settings: { health: { periodMs: 60_000, maxRestartsPerMinute: 3 } },
    model: { spares: 1, plugins: ["test/fixtures/plugins/crashes-on-token.ts"] },
  });
  for (let request = 0; request < 4; request++) {
    expect((await service.classify([crashing.text])).status).toBe(500);
    expect(JSON.stringify(await readiness(service))).not.toContain("unexpectedly");
  }
  await expect.poll(() => service.log.filter(({ event }) => event === "process_exited").length).toBe(8);
  await readinessBecomes(service, 200);
});

test("nor are those that it kills without waiting for what comes of it", async () => {
  await using service = await ServiceProcess.ready({
    settings: { health: { periodMs: 60_000, maxRestartsPerMinute: 3 }, processes: { runLimitFloorMs: 1_500 } },
    model: { spares: 1, plugins: ["test/fixtures/plugins/hangs-on-token.ts"] },
  });
  for (let request = 0; request < 4; request++) {
    const before = service.log.length;
    expect((await service.classify([hanging.text], { timeoutMs: 1_000 })).status).toBe(504);
    await service.logged(({ event }) => event === "process_exited", before);
    expect(JSON.stringify(await readiness(service))).not.toContain("unexpectedly");
  }
  await readinessBecomes(service, 200);
});

test("a process that comes back on another provider makes the service unready until one has the first again", async ({
  annotate,
}) => {
  using folder = new TemporaryFolder();
  await using service = await ServiceProcess.ready({ settings, model: { ...faultyModel(folder), spares: 0 } });
  writeFileSync(join(folder.path, lostGpuFile), "");
  const before = service.log.length;
  signalChild(service, "SIGKILL");
  const { failing } = await expectUnready(service, annotate);
  expect(failing[modelCheck]).toBeDefined();
  await expect
    .poll(async () => (await readiness(service)).failing[modelCheck], { timeout: 20_000 })
    .toBe("it is computed on cpu instead of cuda");
  rmSync(join(folder.path, lostGpuFile));
  await service.logged(({ event }) => event === "process_ready", before);
  signalChild(service, "SIGKILL");
  await readinessBecomes(service, 200);
});

test("load alone never makes the service unready: a queue that is full for many periods", async ({ annotate }) => {
  await using service = await ServiceProcess.ready({
    // Runs of one window: what comes to no result in a period is then not slow, even on a machine that is busy otherwise.
    settings: { health: { periodMs: 2 * periodMs }, scheduler: { maxQueueSize: 8, maxBatchTokens: 128 } },
    model: { spares: 0 },
  });
  const long = "Le train de huit heures est en retard à cause de la neige. ".repeat(20);
  const statuses = new Map<number, number>();
  const done = new AbortController();
  const clients = Array.from({ length: 24 }, async () => {
    while (!done.signal.aborted) {
      const { status } = await service.classify([long], { timeoutMs: 3_000 });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // A refusal comes at once: whoever asks again at once only measures how fast this test is.
      await sleep(status === 503 ? 20 : 0);
    }
  });
  const answers: Readiness[] = [];
  const end = performance.now() + 10 * periodMs;
  while (performance.now() < end) {
    answers.push(await readiness(service));
    await sleep(50);
  }
  done.abort();
  await Promise.all(clients);
  await annotate(`${answers.length} probes; answers by status: ${JSON.stringify([...statuses])}`);
  expect(statuses.get(503)).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
});

test("/health tells of machine and models, and of no path", async () => {
  await using service = await ServiceProcess.ready({ settings });
  await expect
    .poll(async () => (await health(service)).checks.memory.children.length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const overview = await health(service);
  expect(overview).toMatchObject({
    status: "ok",
    checks: {
      gpu: { status: "ok" },
      memory: {
        status: "ok",
        host: { totalBytes: expect.any(Number) },
        service: { residentBytes: expect.any(Number) },
      },
      disk: { status: "ok", spool: null, models: { freeBytes: expect.any(Number) } },
      models: {
        status: "ok",
        models: [{ name: "camembert-toxicity-fr", device: "cpu", lastCanary: { result: "ok" }, restarts: 0 }],
      },
    },
  });
  expect(overview.checks.memory.children).toContainEqual(
    expect.objectContaining({ pid: service.inferencePids()[0], model: "camembert-toxicity-fr" }),
  );
  expect(JSON.stringify(overview)).not.toMatch(/"[^"]*\/(home|tmp|work|usr|srv)/);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).not.toMatch(/^inference_requests_total\{/m);
  expect(metrics).not.toMatch(/^toxicity_prediction_scores_count\{.*\} [1-9]/m);
});

async function health(service: ServiceProcess) {
  return (await (await fetch(`${service.url}/health`)).json()) as {
    status: string;
    checks: { memory: { children: unknown[] } };
  };
}

/** Signals the inference process that got ready last; returns its pid. */
function signalChild(service: ServiceProcess, signal: NodeJS.Signals): number {
  const pid = service.inferencePids().at(-1);
  if (pid === undefined) {
    throw new Error("no inference process is known to run");
  }
  process.kill(pid, signal);
  return pid;
}

/** A copy of the real model whose plugin obeys files in its folder. */
function faultyModel({ path }: TemporaryFolder): Record<string, unknown> {
  copyRealModel(path, "camembert-toxicity-fr");
  return { folder: path, plugins: ["test/fixtures/plugins/obeys-its-folder.ts"] };
}

/** Writes the middle byte of a file, changed by `mask`. */
function flipByte(file: string, original: Buffer, mask: number): void {
  const middle = Math.floor(statSync(file).size / 2);
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Uint8Array.of((original[middle] ?? 0) ^ mask), 0, 1, middle);
  closeSync(descriptor);
}

/** How a process gets mounts of its own here; null where it cannot. */
function findMountCommand(): readonly string[] | null {
  for (const command of [
    ["unshare", "--mount"],
    ["unshare", "--user", "--map-root-user", "--mount"],
  ]) {
    const [program = "", ...args] = command;
    try {
      execFileSync(program, [...args, "sh", "-c", "mount -t tmpfs tmpfs /mnt"], { stdio: "ignore" });
      return command;
    } catch {
      // Not installed, or not allowed.
    }
  }
  console.info("a full disk is not tried: no process can have mounts of its own here (unshare, mount)");
  return null;
}
