import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";

const root = resolve(import.meta.dirname, "../..");

export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

export interface ServiceProcessOptions {
  /** Laid over `config/default.yaml`. */
  readonly settings?: Record<string, unknown>;
  /** Laid over the one entry of `config/models.yaml`. */
  readonly model?: Record<string, unknown>;
  /** Serves the speech model of the repository too. */
  readonly hears?: boolean;
  /** Further entries of `config/models.yaml`. */
  readonly furtherModels?: readonly Record<string, unknown>[];
  readonly environment?: Record<string, string>;
  /** A command that executes the one behind it, in a place of its own. */
  readonly behind?: readonly string[];
}

/** The service as an operator starts it: its own process, its own port, its log as the only window into it. */
export class ServiceProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly log: LogLine[] = [];
  readonly exited: Promise<{ exitCode: number | null; signal: string | null }>;
  /** Laid over the defaults; a test may write it anew. */
  readonly settingsFile: string;
  readonly #folder: string;
  #errorOutput = "";
  #url: string | null = null;
  #wakeUp: () => void = () => {};

  constructor({
    settings = {},
    model = {},
    hears = false,
    furtherModels = [],
    environment = {},
    behind = [],
  }: ServiceProcessOptions = {}) {
    this.#folder = mkdtempSync(join(tmpdir(), "service-"));
    this.settingsFile = join(this.#folder, "settings.yaml");
    const modelsFile = join(this.#folder, "models.yaml");
    writeFileSync(this.settingsFile, stringify(settings));
    writeFileSync(
      modelsFile,
      stringify({
        models: [
          { folder: "models/camembert-toxicity-fr", instances: 1, ...model },
          ...(hears ? [{ folder: "models/whisper-base", spares: 0 }] : []),
          ...furtherModels,
        ],
      }),
    );
    const [command, ...args] = [...behind, process.execPath, "src/main.ts"] as const;
    this.child = spawn(command, args, {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        PORT: "0",
        CONFIG_FILE: this.settingsFile,
        MODELS_FILE: modelsFile,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorOutput += text;
      process.stderr.write(text);
    });
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on("line", (line) => {
        // SIGKILL may cut the last line off.
        if (!this.child.killed || line.endsWith("}")) {
          this.log.push(JSON.parse(line) as LogLine);
          this.#wakeUp();
        }
      });
    }
    this.exited = new Promise((settle) => {
      this.child.once("exit", (exitCode, signal) => {
        settle({ exitCode, signal });
        this.#wakeUp();
      });
    });
  }

  /** Everything that it wrote, to its log and to its standard error. */
  get output(): string {
    return `${this.log.map((line) => JSON.stringify(line)).join("\n")}\n${this.#errorOutput}`;
  }

  get url(): string {
    this.#url ??= String(this.log.find(({ event }) => event === "service_started")?.["address"]);
    return this.#url;
  }

  /** Started and every required model ready. */
  static async ready(options: ServiceProcessOptions = {}): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.logged(({ event }) => event === "service_ready");
    return service;
  }

  /** The first line from `from` on that matches, already written or to come. */
  async logged(matches: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
    for (;;) {
      const line = this.log.slice(from).find(matches);
      if (line !== undefined) {
        return line;
      }
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`the service exited before it logged that: ${JSON.stringify(this.log.slice(-5))}`);
      }
      await new Promise<void>((resume) => {
        this.#wakeUp = resume;
      });
    }
  }

  /** Pids of the inference processes that are known to run. */
  inferencePids(): number[] {
    const exited = new Set(this.log.filter(({ event }) => event === "process_exited").map(({ pid }) => pid));
    const ready = this.log.filter(({ event, pid }) => event === "process_ready" && !exited.has(pid));
    return ready.map((line) => Number(line["pid"]));
  }

  classify(texts: readonly string[], options: Record<string, unknown> = {}): Promise<Response> {
    return fetch(`${this.url}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs: { classificationInputs: texts }, options }),
    });
  }

  /** Sends a whole file; `query` begins with `?` or is empty. */
  transcribe(file: Buffer<ArrayBuffer>, query = ""): Promise<Response> {
    const init = { method: "POST", headers: { "content-type": "audio/wav" }, body: file };
    return fetch(`${this.url}/v1/transcribe${query}`, init);
  }

  /** Resolves when the sum of a metric's samples fulfils the condition. */
  async metricReaches(name: string, fulfils: (value: number) => boolean): Promise<void> {
    for (;;) {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      const samples = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      if (fulfils(samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0))) {
        return;
      }
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
