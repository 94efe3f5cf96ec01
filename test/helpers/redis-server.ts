import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findOnPath } from "./find-on-path.ts";

/** The Redis or Valkey server on the PATH; null where there is none. */
export const redisServerPath: string | null = findOnPath("redis-server") ?? findOnPath("valkey-server");

/** Why tests with a real Redis are skipped; null where they run. Said once by every file that imports this. */
export const missingRedis: string | null =
  redisServerPath === null ? "no redis-server or valkey-server on the PATH (Debian: redis-server)" : null;

if (missingRedis !== null) {
  process.stderr.write(`Tests with a real Redis are skipped: ${missingRedis}.\n`);
}

/** A real server without persistence. It listens at the same place after a restart, and knows nothing of an earlier life. */
abstract class RestartableRedis {
  #child: ChildProcess | null = null;

  /** Where it listens, for `net.connect`. */
  protected abstract readonly place: NetConnectOpts;
  /** What tells it where to listen and to work. */
  protected abstract readonly settings: readonly string[];

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    if (redisServerPath === null) {
      throw new Error(String(missingRedis));
    }
    const settings = [...this.settings, "--save", "", "--appendonly", "no"];
    const child = spawn(redisServerPath, settings, { stdio: "ignore", cwd: "/" });
    this.#child = child;
    while (!(await accepts(this.place))) {
      if (child.exitCode !== null) {
        throw new Error(`${redisServerPath} exited with ${child.exitCode}`);
      }
      await sleep(10);
    }
  }

  /** SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
}

/** On a socket of its own, gone when its scope ends. */
export class RedisServer extends RestartableRedis implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "guardrail-redis-"));
  protected readonly place = { path: this.url };
  protected readonly settings = ["--port", "0", "--unixsocket", this.url, "--dir", this.#folder];

  /** The path of its socket: what `RedisStore` takes as URL. */
  get url(): string {
    return join(this.#folder, "redis.sock");
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    await server.start();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** On a port of the loopback interface: what a service is given in `REDIS_URL`. */
export class TcpRedis extends RestartableRedis {
  protected readonly place: { readonly port: number; readonly host: string };
  protected readonly settings: readonly string[];

  constructor(port: number) {
    super();
    this.place = { port, host: "127.0.0.1" };
    this.settings = ["--port", String(port), "--bind", "127.0.0.1"];
  }

  get url(): string {
    return `redis://${this.place.host}:${this.place.port}`;
  }
}

async function accepts(place: NetConnectOpts): Promise<boolean> {
  const socket = connect(place);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
