import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startInference, textWindow } from "../helpers/fixture-process.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { openFiles, threadNames, waitUntil } from "../helpers/process-facts.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

// ONNX Runtime on Linux starts a thread that uploads telemetry and keeps a database under ~/.cache/Microsoft, unless
// ORT_DISABLE_TELEMETRY is 1. The first test shows that the checks of the others see it.

test("without the variable, ONNX Runtime starts a thread and writes files under the home folder", async () => {
  using home = new TemporaryFolder();
  const child = await forkInference({ HOME: home.path });
  await waitUntil(() => unnamedThreads(child.pid ?? 0) > 1, "the telemetry thread runs");
  expect(readdirSync(home.path)).toEqual([".cache"]);
  expect(filesOutsideOfNode(child.pid ?? 0, home.path)).not.toEqual([]);
});

test("with the variable, it starts no such thread and writes no file", async () => {
  using home = new TemporaryFolder();
  const child = await forkInference({ HOME: home.path, ORT_DISABLE_TELEMETRY: "1" });
  expect(unnamedThreads(child.pid ?? 0)).toBe(1);
  expect(readdirSync(home.path)).toEqual([]);
  expect(filesOutsideOfNode(child.pid ?? 0, home.path)).toEqual([]);
});

test("the inference process as the service starts it has no such thread, no open file and no network socket", async () => {
  const child = startInference();
  await child.ready;
  await child.run([textWindow(5, 33, 6)], 60_000);
  expect(unnamedThreads(child.pid)).toBe(1);
  expect(openFiles(child.pid).filter((file) => file.startsWith("/") && file !== "/dev/null")).toEqual([]);
  const sockets = openFiles(child.pid).filter((file) => file.startsWith("socket:"));
  // Standard output, standard error and the channel to the parent.
  expect(sockets).toHaveLength(3);
  expect(sockets.filter((socket) => !isUnixSocket(child.pid, socket))).toEqual([]);
});

/** Threads that have the name of the first: Node gives each of its own another one. */
function unnamedThreads(pid: number): number {
  const names = threadNames(pid);
  return names.filter((name) => name === names[0]).length;
}

/** Open files under the home folder, and those of the telemetry library in the folder for temporary files. */
function filesOutsideOfNode(pid: number, home: string): string[] {
  return openFiles(pid).filter((file) => file.startsWith(home) || file.includes("mat-debug"));
}

function isUnixSocket(pid: number, socket: string): boolean {
  const inode = /^socket:\[(\d+)\]$/.exec(socket)?.[1];
  const table = readFileSync(`/proc/${pid}/net/unix`, "utf8");
  return table.split("\n").some((line) => line.split(/\s+/)[6] === inode);
}

/** The real inference process with the real model, after its first run, in an environment of the test's choice. */
async function forkInference(env: Record<string, string>): Promise<ChildProcess> {
  const entry = fileURLToPath(new URL("../../src/inference/main.ts", import.meta.url));
  const child = fork(entry, { serialization: "advanced", execArgv: [], env });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  child.send(loadMessage);
  expect(await nextMessage(child)).toMatchObject({ type: "ready" });
  child.send({ type: "run", id: 1, inputs: [textWindow(5, 33, 6)] });
  expect(await nextMessage(child)).toMatchObject({ type: "result" });
  return child;
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, "message")) as unknown[];
  return message;
}
