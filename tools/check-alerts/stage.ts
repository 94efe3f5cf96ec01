import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { freePort } from "../../bench/child-program.ts";
import { ServiceProcess, type ServiceProcessOptions } from "../../test/helpers/service-process.ts";
import type { DrillKeys } from "./drill-keys.ts";
import { endWithUs } from "./end-with-us.ts";
import type { Prometheus } from "./prometheus.ts";
import { Repeating } from "./repeating.ts";

/** An upload takes two seconds. */
const uploadParts = 20;
const uploadPauseMs = 100;

/** What one drill works with; everything on it is gone when its scope ends. */
export class Stage implements AsyncDisposable {
  /** Name of its scrape job. */
  readonly job: string;
  /** A folder of its own. */
  readonly folder: string = mkdtempSync(join(tmpdir(), "drill-"));
  /** The list of keys of its services alone. */
  readonly keysFile: string;
  readonly #keys: DrillKeys;
  readonly #prometheus: Prometheus;
  readonly #resources = new AsyncDisposableStack();

  constructor(job: string, keys: DrillKeys, prometheus: Prometheus) {
    this.job = job;
    this.#keys = keys;
    this.#prometheus = prometheus;
    this.#resources.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    this.#resources.defer(() => prometheus.forget(job));
    this.keysFile = join(this.folder, "keys.json");
    cpSync(keys.listFile, this.keysFile);
  }

  /** Ends with the stage. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#resources.use(resource);
  }

  /** Done when the stage ends. */
  defer(cleanUp: () => void | Promise<void>): void {
    this.#resources.defer(cleanUp);
  }

  /** A service without spares and without a model for speech, ready and scraped, unless `options` say otherwise. */
  async start(options: ServiceProcessOptions = {}): Promise<ServiceProcess> {
    const service = this.launch(await freePort(), options);
    await service.logged(({ event }) => event === "service_ready");
    return service;
  }

  /** The same, at a port, and not waited for. */
  launch(port: number, { model = {}, environment = {}, ...options }: ServiceProcessOptions = {}): ServiceProcess {
    const own = { PORT: String(port), SERVICE__AUTH__KEYS_FILE: this.keysFile, ...environment };
    const service = this.use(new ServiceProcess({ ...options, model: { spares: 0, ...model }, environment: own }));
    endWithUs(service.child);
    this.scrape(`127.0.0.1:${port}`);
    return service;
  }

  /** Has an address (host:port) scraped as this drill's job. */
  scrape(address: string): void {
    this.#prometheus.scrape(this.job, address);
  }

  /** Has nothing scraped any more. */
  forget(): void {
    this.#prometheus.forget(this.job);
  }

  /** Does something again and again until the stage ends. */
  repeat(pauseMs: number, action: () => Promise<void> | void): Repeating {
    return this.use(new Repeating(pauseMs, action));
  }

  /** Asks for the scores of texts. The status, or null where no answer came. */
  async classify(service: ServiceProcess, texts: readonly string[], timeoutMs = 30_000): Promise<number | null> {
    const body = JSON.stringify({ inputs: { classificationInputs: texts }, options: { timeoutMs } });
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.#keys.taskKey}` };
    return statusOf(fetch(`${service.url}/v1/classify`, { method: "POST", headers, body }));
  }

  /** Has one short text classified `perSecond` times a second until the stage ends, however long each takes. */
  sendTexts(service: ServiceProcess, perSecond: number): Repeating {
    return this.repeat(100, () => {
      for (let count = 0; count < perSecond / 10; count++) {
        void this.classify(service, ["Bonjour."]);
      }
    });
  }

  /** Uploads a recording in slow parts. `isOver` waits for its answer, for so many milliseconds at most. */
  upload(service: ServiceProcess): { isOver(waitMs: number): Promise<boolean> } {
    const file = readFileSync("test/fixtures/audio/speech/vm-intro.wav");
    const partBytes = Math.ceil(file.length / uploadParts);
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      for (let start = 0; start < file.length; start += partBytes) {
        yield file.subarray(start, start + partBytes);
        await sleep(uploadPauseMs);
      }
    };
    const headers = { "content-type": "audio/wav", authorization: `Bearer ${this.#keys.taskKey}` };
    const body = ReadableStream.from(parts());
    const answer = statusOf(fetch(`${service.url}/v1/transcribe`, { method: "POST", headers, body, duplex: "half" }));
    return { isOver: (waitMs) => Promise.race([answer.then(() => true), sleep(waitMs, false)]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** The status of an answer whose body is read to its end; null where none came. */
export async function statusOf(answer: Promise<Response>): Promise<number | null> {
  try {
    const response = await answer;
    await response.arrayBuffer();
    return response.status;
  } catch {
    // The service was stopped, or closed the connection: what a drill is about.
    return null;
  }
}

/** Changes the entry of the model for texts in a service's list of models, which the service notices by itself. */
export function changeModel(service: ServiceProcess, changes: Readonly<Record<string, unknown>>): void {
  const file = join(dirname(service.settingsFile), "models.yaml");
  const { models } = parse(readFileSync(file, "utf8")) as { models: Record<string, unknown>[] };
  const [first, ...others] = models;
  writeFileSync(file, stringify({ models: [{ ...first, ...changes }, ...others] }));
}
