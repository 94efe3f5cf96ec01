import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { freePort } from "../../bench/child-program.ts";
import { endWithUs } from "./end-with-us.ts";
import { deployFolder, readRuleFiles } from "./rule-files.ts";
import { type Scale, scaleRules } from "./scale-rules.ts";

const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
        state: z.enum(["pending", "firing"]),
      }),
    ),
  }),
});

/** An alert as Prometheus tells it. */
export type ActiveAlert = z.infer<typeof alertsSchema>["data"]["alerts"][number];

const scrapeConfigSchema = z.looseObject({ authorization: z.looseObject({}) });
const configSchema = z.looseObject({
  global: z.looseObject({}),
  scrape_configs: z.tuple([scrapeConfigSchema]),
});

/** How long it may take to answer for the first time, in milliseconds. */
const startTimeoutMs = 30_000;

/** A real Prometheus with the repository's configuration and rules, in less time. Gone when its scope ends. */
export class Prometheus implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #url: string;
  /** Address of each target, by its job. */
  readonly #targets = new Map<string, string>();

  /**
   * @param keyFile The metrics key alone, for every target.
   * @throws Error with the end of its log when it does not start.
   */
  static async start(scale: Scale, keyFile: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "check-alerts-"));
    writeConfig(folder, scale, keyFile);
    const port = await freePort();
    const log = openSync(join(folder, "log"), "w");
    const settings = [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn("prometheus", settings, { stdio: ["ignore", log, log] });
    endWithUs(child);
    closeSync(log);
    const prometheus = new Prometheus(folder, child, `http://127.0.0.1:${port}`);
    try {
      await prometheus.#untilReady();
    } catch (error) {
      const end = readFileSync(join(folder, "log"), "utf8").slice(-2_000);
      await prometheus[Symbol.asyncDispose]();
      throw new Error(`prometheus did not start; its log ends with:\n${end}`, { cause: error });
    }
    return prometheus;
  }

  private constructor(folder: string, child: ChildProcess, url: string) {
    this.#folder = folder;
    this.#child = child;
    this.#url = url;
    writeTargets(folder, this.#targets);
  }

  /** Scrapes `address` (host:port) as this job from now on. */
  scrape(job: string, address: string): void {
    this.#targets.set(job, address);
    writeTargets(this.#folder, this.#targets);
  }

  /** Forgets a job. */
  forget(job: string): void {
    this.#targets.delete(job);
    writeTargets(this.#folder, this.#targets);
  }

  /** Those that are pending or fire now. */
  async alerts(): Promise<ActiveAlert[]> {
    const response = await fetch(`${this.#url}/api/v1/alerts`);
    return alertsSchema.parse(await response.json()).data.alerts;
  }

  /** The value of an expression's first series; null when it has none. */
  async query(expression: string): Promise<number | null> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const schema = z.object({
      data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
    });
    const [first] = schema.parse(await response.json()).data.result;
    return first === undefined ? null : Number(first.value[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #untilReady(): Promise<void> {
    const failed = once(this.#child, "error").then(([error]) => Promise.reject(error as Error));
    const until = performance.now() + startTimeoutMs;
    const isReady = (): Promise<boolean> =>
      fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await Promise.race([isReady(), failed]))) {
      if (this.#child.exitCode !== null || performance.now() > until) {
        throw new Error("it is not ready");
      }
      await sleep(50);
    }
  }
}

function writeConfig(folder: string, scale: Scale, keyFile: string): void {
  const config = configSchema.parse(parse(readFileSync(join(deployFolder, "prometheus/prometheus.yml"), "utf8")));
  const { static_configs: _, ...job } = config.scrape_configs[0];
  const changed = {
    ...config,
    global: { ...config.global, scrape_interval: "1s", evaluation_interval: "500ms" },
    scrape_configs: [
      {
        ...job,
        authorization: { ...job.authorization, credentials_file: keyFile },
        file_sd_configs: [{ files: [join(folder, "targets.json")], refresh_interval: "1s" }],
      },
    ],
  };
  writeFileSync(join(folder, "prometheus.yml"), stringify(changed));
  mkdirSync(join(folder, "rules"));
  for (const [name, file] of readRuleFiles()) {
    writeFileSync(join(folder, "rules", name), stringify(scaleRules(file, scale)));
  }
}

function writeTargets(folder: string, targets: ReadonlyMap<string, string>): void {
  const groups = [...targets].map(([job, address]) => ({ targets: [address], labels: { job } }));
  // Whole or not at all, whenever Prometheus looks.
  writeFileSync(join(folder, "targets.new"), JSON.stringify(groups));
  renameSync(join(folder, "targets.new"), join(folder, "targets.json"));
}
