import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The Redis or Valkey server on the PATH; null where there is none. */
export const redisServerPath: string | null = findOnPath("redis-server") ?? findOnPath("valkey-server");

/** Why tests with a real Redis are skipped; null where they run. Said once by every file that imports this. */
export const missingRedis: string | null =
  redisServerPath === null ? "no redis-server or valkey-server on the PATH (Debian: redis-server)" : null;

if (missingRedis !== null) {
  process.stderr.write(`Tests with a real Redis are skipped: ${missingRedis}.\n`);
}

/** A real server on a socket of its own, without persistence, that is gone when its scope ends. */
export class RedisServer implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "guardrail-redis-"));
  #child: ChildProcess | null = null;

  /** The path of its socket: what `RedisStore` takes as URL. The same after a restart. */
  get url(): string {
    return join(this.#folder, "redis.sock");
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    await server.start();
    return server;
  }

  /** Resolves when it accepts connections. It knows nothing of an earlier life. */
  async start(): Promise<void> {
    if (redisServerPath === null) {
      throw new Error(String(missingRedis));
    }
    const settings = [
      "--port",
      "0",
      "--unixsocket",
      this.url,
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      this.#folder,
    ];
    const child = spawn(redisServerPath, settings, { stdio: "ignore" });
    this.#child = child;
    while (!(await accepts(this.url))) {
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function findOnPath(name: string): string | null {
  const paths = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
