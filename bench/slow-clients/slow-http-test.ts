import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { establishedConnections } from "../process-facts.ts";

/** One way to be slow, as slowhttptest does it. */
export interface SlowKind {
  readonly name: "headers" | "body" | "read" | "large read";
  /** What it does, for the table. */
  readonly description: string;
  readonly path: string;
  readonly args: readonly string[];
}

const slowRead = ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32"];

export const slowKinds: readonly SlowKind[] = [
  {
    name: "headers",
    description: "one header every 5 s, never the last",
    path: "/v1/classify",
    args: ["-H", "-t", "POST", "-i", "5", "-x", "24"],
  },
  {
    name: "body",
    description: "8 KiB of JSON announced, 20 bytes every 5 s",
    path: "/v1/classify",
    args: ["-B", "-t", "POST", "-f", "application/json", "-s", "8192", "-i", "5", "-x", "10"],
  },
  {
    name: "read",
    description: "55 KiB asked for, which the kernel takes at once; 32 bytes read every 5 s",
    path: "/openapi.json",
    args: slowRead,
  },
  {
    name: "large read",
    description: "1.6 MiB asked for, which it does not; 32 bytes read every 5 s",
    path: "/docs/static/swagger-ui-bundle.js",
    args: slowRead,
  },
];

export interface AttackSettings {
  readonly kind: SlowKind;
  readonly port: number;
  readonly connections: number;
  /** CPUs that the tool may use, as `taskset -c` takes them. */
  readonly cpus: string;
}

/** After this the tool gives up by itself. */
const longestAttackSeconds = 600;
/** Over how many seconds they are opened: what being slow costs is measured, not a burst of new connections. */
const openingSeconds = 5;
/** How long no more connections may be open until no more are expected, and how often they are counted, in milliseconds. */
const openingPatienceMs = 3_000;
const openingPollMs = 100;

/** Whether Debian's slowhttptest is there. */
export function hasSlowHttpTest(): boolean {
  return spawnSync("slowhttptest", ["-h"], { stdio: "ignore" }).error === undefined;
}

/**
 * Keeps slow connections open until disposed of. The tool opens none again that the server closed, so it starts anew
 * when all are gone. It polls its sockets all the time: at the lowest priority, not to be what is measured.
 */
export class SlowHttpTest implements AsyncDisposable {
  readonly #settings: AttackSettings;
  #isOn = true;
  #child: ChildProcess | null = null;
  readonly #ended: Promise<void>;

  constructor(settings: AttackSettings) {
    this.#settings = settings;
    this.#ended = this.#repeat();
  }

  /**
   * Opens the connections once, and resolves with the seconds after which the service had dropped all of them; with null
   * when some are open after `patienceSeconds`.
   */
  static async timeUntilDropped(settings: AttackSettings, patienceSeconds: number): Promise<number | null> {
    await using attack = new SlowHttpTest(settings);
    attack.#isOn = false;
    const openedAt = performance.now();
    const seconds = (): number => (performance.now() - openedAt) / 1000;
    await attack.opened();
    while (establishedConnections(settings.port) > 0) {
      if (seconds() > patienceSeconds) {
        return null;
      }
      await setTimeout(openingPollMs);
    }
    return seconds();
  }

  /** Resolves with the most connections seen: when all are open, or when there have been no more for a while. */
  async opened(): Promise<number> {
    const { port, connections } = this.#settings;
    let most = 0;
    let lastGrowth = performance.now();
    while (most < connections && performance.now() - lastGrowth < openingPatienceMs) {
      await setTimeout(openingPollMs);
      const open = establishedConnections(port);
      if (open > most) {
        [most, lastGrowth] = [open, performance.now()];
      }
    }
    return most;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOn = false;
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  async #repeat(): Promise<void> {
    while (this.#isOn) {
      this.#child = this.#start();
      await once(this.#child, "exit");
    }
  }

  #start(): ChildProcess {
    const { kind, port, connections, cpus } = this.#settings;
    const rate = Math.ceil(connections / openingSeconds);
    const amount = ["-c", String(connections), "-r", String(rate), "-l", String(longestAttackSeconds)];
    const url = ["-u", `http://127.0.0.1:${port}${kind.path}`];
    // The lowest priority, however high that of this process is.
    const command = ["-c", cpus, "nice", "-n", "39", "slowhttptest", ...kind.args, ...amount, ...url];
    return spawn("taskset", command, { stdio: "ignore" });
  }
}
