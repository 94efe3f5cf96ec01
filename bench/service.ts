import { ChildProgram, freePort } from "./child-program.ts";
import { getRequest } from "./load/classify-request.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { childrenOf, commandLine, isAlive } from "./process-facts.ts";

export interface ServiceSettings {
  /** As an operator would set it, such as `MODELS_FILE`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** CPUs that it may use, as `taskset -c` takes them; all when absent. */
  readonly cpus?: string;
  /** How long it may take to get ready, in milliseconds; a minute when absent. */
  readonly readyTimeoutMs?: number;
}

/** A line of the log about an inference process. */
export interface ProcessEvent {
  readonly event: "process_started" | "process_ready" | "process_exited" | "process_output";
  readonly pid: number;
  readonly model: string;
  /** Of an exit. */
  readonly reason?: string;
  /** Of a process that got ready, in milliseconds. */
  readonly start_ms?: number;
  /** Of an exit after our SIGKILL: from the signal on, in milliseconds. */
  readonly kill_ms?: number | null;
}

/** Our service, started as its users start it, on a free port and with its defaults. */
export class Service implements AsyncDisposable {
  readonly #program: ChildProgram;

  /** Resolves when `/readyz` answers 200. */
  static async start({ environment = {}, cpus, ...limits }: ServiceSettings = {}): Promise<Service> {
    const pinned = cpus === undefined ? [] : ["taskset", "-c", cpus];
    const command = [...pinned, process.execPath, "--import", "./src/require-node.mjs", "src/main.ts"];
    return new Service(await startProgram(command, environment, limits));
  }

  /** Through `npm start`, as a newcomer does. */
  static async startWithNpm(): Promise<Service> {
    return new Service(await startProgram(["npm", "start"], {}, {}));
  }

  private constructor(program: ChildProgram) {
    this.#program = program;
  }

  get port(): number {
    return this.#program.port;
  }

  /** Of the API process. */
  get pid(): number {
    return this.#program.pid;
  }

  get readyMs(): number {
    return this.#program.readyMs;
  }

  get isAlive(): boolean {
    return this.#program.isAlive;
  }

  /** The inference processes that live now, spares included. */
  inferencePids(): number[] {
    return childrenOf(this.pid).filter((pid) => commandLine(pid).includes("inference/main.ts") && isAlive(pid));
  }

  /** What the log tells of inference processes so far: their starts, that they got ready, their exits. */
  processEvents(): ProcessEvent[] {
    // Chosen before parsing: among them are the lines of many thousand requests.
    const lines = this.#program
      .output()
      .split("\n")
      .filter((line) => line.includes('"event":"process_'));
    return lines.map((line) => JSON.parse(line) as ProcessEvent);
  }

  /** How many requests ended with which error code so far, from the log. */
  finishedByCode(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [, code = ""] of this.#program.output().matchAll(/"event":"request_finished".*?"code":"(\w+)"/g)) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    return counts;
  }

  /** The sum of all samples of a metric, or of those of one model. @throws Error when there is none. */
  async metric(name: string, model?: string): Promise<number> {
    const connection = new HttpConnection(this.port);
    const { body } = await connection.send(getRequest(this.port, "/metrics"));
    connection.close();
    const samples = body
      .toString("utf8")
      .split("\n")
      .filter((line) => new RegExp(`^${name}[ {]`).test(line))
      .filter((line) => model === undefined || line.includes(`model_name="${model}"`));
    if (samples.length === 0) {
      throw new Error(`/metrics has no ${name}`);
    }
    return samples.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

async function startProgram(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  limits: Pick<ServiceSettings, "readyTimeoutMs">,
): Promise<ChildProgram> {
  const port = await freePort();
  return ChildProgram.start({
    command,
    // All clients of a benchmark are one address, which asks for more than any client may.
    environment: { SERVICE__RATE_LIMIT__ENABLED: "false", ...environment, HOST: "127.0.0.1", PORT: String(port) },
    readyPath: "/readyz",
    readyStatus: 200,
    port,
    ...limits,
  });
}
