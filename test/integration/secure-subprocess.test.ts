import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { chooseSandbox } from "../../src/processes/choose-sandbox.ts";
import { isComplete, type Sandbox, sandboxCandidates } from "../../src/processes/sandbox.ts";
import { type SecureProgram, SecureSubprocess } from "../../src/processes/secure-subprocess.ts";
import type { Outcome } from "../fixtures/subprocesses/runs-out-of-descriptors.ts";
import { fixtureProgram } from "../helpers/fixture-program.ts";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";

const standardOutput = 1;
/** Those of this system that work here: containers often lack user namespaces. */
const sandboxes = await workingSandboxes();
const strongest = sandboxes[0] ?? [];

/** What the program is given, and the folder that bubblewrap sets. */
const environment = /^MARK(,PWD)?$/;
const pipes = { input: "ignore", output: "pipe" } as const;

test("some sandbox works here", () => {
  expect(strongest).toContain("prlimit");
});

test.each(sandboxes.map((sandbox) => ({ sandbox, name: sandbox.join(" + ") || "no layer" })))(
  "from inside, what the layers promise cannot be done: $name",
  async ({ sandbox }) => {
    const outcomes = await tryToEscape(sandbox);
    const holds = (...layers: Sandbox): boolean => layers.some((layer) => sandbox.includes(layer));
    const mustFail = {
      readShadow: holds("unprivileged_user", "bubblewrap"),
      listParentFolder: holds("bubblewrap"),
      signalParent: holds("unprivileged_user", "namespaces", "bubblewrap"),
      writeFile: holds("prlimit", "bubblewrap"),
      fork: holds("seccomp"),
      connect: holds("namespaces", "bubblewrap"),
    };
    const done = Object.entries(mustFail).filter(([name, fails]) => fails && outcomes[name] === "done");
    expect(done).toEqual([]);
    expect(outcomes["environment"]).toMatch(environment);
  },
);

test.skipIf(!isComplete(strongest))("in a complete sandbox every one of those tries fails", async () => {
  const outcomes = await tryToEscape(strongest);
  expect(Object.values(outcomes)).not.toContain("done");
  // By the filter, not by chance.
  expect(outcomes).toMatchObject({ fork: "EPERM", connect: "EPERM", writeFile: "EPERM" });
});

test("standard error is read to its end and kept in part", async () => {
  const subprocess = startFixture(fixtureProgram("floods-standard-error"));
  expect(await subprocess.closed()).toMatchObject({ exitCode: 0, wasKilled: false });
  expect(subprocess.errorText).toBe("x".repeat(16_384));
});

test("a subprocess is killed at its time limit", async () => {
  const subprocess = startFixture(fixtureProgram("never-ends"));
  await once(subprocess.readable(standardOutput), "data");
  subprocess.limitTime(50);
  expect(await subprocess.exited).toMatchObject({ wasKilled: true });
});

test("a limit that is set after the end does nothing", async () => {
  const subprocess = startFixture(fixtureProgram("floods-standard-error"));
  await subprocess.closed();
  subprocess.limitTime(0);
  expect(await subprocess.exited).toMatchObject({ exitCode: 0, wasKilled: false });
});

test("a time limit that is longer than timers can wait does not end it at once", async () => {
  const subprocess = startFixture(fixtureProgram("never-ends"));
  await once(subprocess.readable(standardOutput), "data");
  subprocess.limitTime(4 * 1000 * 536_871);
  await setTimeout(50);
  expect(isAlive(subprocess.pid)).toBe(true);
});

test("a subprocess that uses up its processor time is ended by the system, by a signal that is told", async () => {
  const program = fixtureProgram("computes-for-ever");
  const subprocess = startFixture({ ...program, limits: { ...program.limits, cpuSeconds: 1 } });
  const { exitCode, signal, wasKilled } = await subprocess.exited;
  // `unshare` cannot end itself by SIGKILL as its program was ended, and fails.
  const passesSignals = !strongest.includes("namespaces");
  expect([exitCode, signal]).toEqual(
    passesSignals ? [null, expect.stringMatching(/^SIG(KILL|XCPU)$/)] : [expect.any(Number), null],
  );
  expect(exitCode).not.toBe(0);
  expect(wasKilled).toBe(false);
});

test("when the system has no file descriptors left, nothing is started and nothing stays behind", async () => {
  const entry = fileURLToPath(new URL("../fixtures/subprocesses/runs-out-of-descriptors.ts", import.meta.url));
  const limited = ["--nofile=80", "--", process.execPath, entry];
  const { stdout } = await promisify(execFile)("/usr/bin/prlimit", limited);
  const outcomes = JSON.parse(stdout) as Outcome[];
  expect(outcomes.filter(({ leaked, children }) => leaked !== 0 || children !== 0)).toEqual([]);
  expect(new Set(outcomes.map(({ code }) => code))).toEqual(new Set(["EMFILE", "started"]));
  // Short of ever fewer: the first worker's start, the second's, none.
  expect(outcomes.at(-1)).toMatchObject({ code: "started" });
});

test("a subprocess that takes more memory than it may is ended by the system", async () => {
  const subprocess = startFixture(fixtureProgram("fills-memory"));
  const { exitCode, wasKilled } = await subprocess.exited;
  expect(exitCode).not.toBe(0);
  expect(wasKilled).toBe(false);
});

test("arguments that the schema does not know start nothing", () => {
  const program = { ...fixtureProgram("never-ends"), argumentSchema: z.tuple([z.literal("--version")]) };
  expect(() => startFixture(program)).toThrow(z.ZodError);
});

test("a program that is not there ends at once, and its streams say nothing", async () => {
  const subprocess = new SecureSubprocess([], { ...fixtureProgram("never-ends"), path: "/nowhere/node" }, pipes);
  expect(await subprocess.exited).toEqual({ exitCode: null, signal: null, wasKilled: false });
});

test("a subprocess does not outlive its parent, however that ends", async () => {
  const entry = fileURLToPath(new URL("../fixtures/subprocesses/starts-a-subprocess.ts", import.meta.url));
  const parent = spawn(process.execPath, [entry], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await waitUntil(() => !isAlive(pid), "the subprocess is gone");
});

test("a required sandbox that is not to be had is refused with the reason", async () => {
  const { probe } = fixtureProgram("never-ends");
  await expect(chooseSandbox([probe], "require", [["prlimit"], []])).rejects.toThrow("audio.sandbox is require");
});

test("of the candidates the first is taken in which the probe ends well", async () => {
  const { probe } = fixtureProgram("never-ends");
  const broken: Sandbox = ["bubblewrap"];
  const withoutFiles = { ...probe, files: [] };
  expect(await chooseSandbox([withoutFiles], "auto", [broken, ["prlimit"], []])).toEqual(["prlimit"]);
});

test("when the probe fails without any layer too, it is told what it said", async () => {
  const probe = { ...fixtureProgram("never-ends").probe, arguments: () => ["--no-such-option"] };
  await expect(chooseSandbox([probe], "auto", [[]])).rejects.toThrow("--no-such-option");
});

function startFixture(program: SecureProgram): SecureSubprocess {
  const subprocess = new SecureSubprocess(strongest, program, pipes);
  onTestFinished(() => subprocess.kill());
  return subprocess;
}

async function tryToEscape(sandbox: Sandbox): Promise<Record<string, string>> {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const folder = mkdtempSync(join(tmpdir(), "guardrail-parent-"));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
    rmSync("/tmp/guardrail-escaped", { force: true });
  });
  const program = fixtureProgram("tries-to-escape", folder, String(process.pid), String(port));
  const subprocess = new SecureSubprocess(sandbox, program, pipes);
  const output = await text(subprocess.readable(standardOutput));
  expect(await subprocess.closed()).toMatchObject({ exitCode: 0 });
  return JSON.parse(output) as Record<string, string>;
}

async function workingSandboxes(): Promise<Sandbox[]> {
  const { probe } = fixtureProgram("tries-to-escape");
  const working = await Promise.all(
    sandboxCandidates().map((sandbox) => chooseSandbox([probe], "auto", [sandbox]).catch(() => null)),
  );
  return working.filter((sandbox) => sandbox !== null);
}
