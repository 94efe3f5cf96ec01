import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { audioPrograms } from "../../src/processes/audio-programs.ts";
import { audioDescriptors } from "../../src/processes/audio-protocol.ts";
import { chooseSandbox } from "../../src/processes/choose-sandbox.ts";
import { CodeCache } from "../../src/processes/code-cache.ts";
import { type SecureProgram, SecureSubprocess } from "../../src/processes/secure-subprocess.ts";
import { fixtureProgram } from "../helpers/fixture-program.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const voiceActivityModel = join(projectRoot, "models/silero-vad/onnx/model.onnx");
const programs = audioPrograms({ root: projectRoot, voiceActivityModel, decoder: "ffmpeg", maxSeconds: 60 });

test("audio processes take from the cache what was compiled before them, and add nothing to it", async () => {
  const sandbox = await chooseSandbox(programs.probes.slice(0, 1), "auto");
  const cache = await CodeCache.build(sandbox, programs.audio);
  onTestFinished(() => cache?.remove());
  if (cache === null) {
    throw new Error("there is no cache");
  }
  const program = cache.readableBy(programs.audio);
  const folder = program.environment["NODE_COMPILE_CACHE"] ?? "";
  const before = readdirSync(folder, { recursive: true });
  expect(before.length).toBeGreaterThan(20);
  const said = await start({
    ...program,
    environment: { ...program.environment, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
  });
  expect(said).toMatch(/src\/audio\/main\.ts.*was accepted/);
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
  cache.remove();
  expect(existsSync(folder)).toBe(false);
});

test("the caches of services that were killed are removed, those of others are not", async () => {
  using temporary = new TemporaryFolder();
  vi.stubEnv("TMPDIR", temporary.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { pid: pidOfDead } = spawnSync("/bin/true");
  const [, before = "", alive, other] = [
    `guardrail-code-${pidOfDead}-abc`,
    `guardrail-code-${process.pid}-abc`,
    `guardrail-code-${process.ppid}-abc`,
    "guardrail-root-1-abc",
  ].map((name) => {
    mkdirSync(join(temporary.path, name, "v24"), { recursive: true });
    return name;
  });
  utimesSync(join(temporary.path, before), 1, 1);
  await CodeCache.build([], { ...fixtureProgram("exits-at-once"), path: "/bin/false" });
  expect(new Set(readdirSync(temporary.path))).toEqual(new Set([alive, other]));
});

test("a folder for temporary files that cannot be listed is used all the same", () => {
  using temporary = new TemporaryFolder();
  chmodSync(temporary.path, 0o333);
  // Root may list every folder.
  const asNobody =
    process.getuid?.() === 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
  const script = `import { CodeCache } from "./src/processes/code-cache.ts";
    import { fixtureProgram } from "./test/helpers/fixture-program.ts";
    console.log(await CodeCache.build([], { ...fixtureProgram("exits-at-once"), path: "/bin/false" }));`;
  const [command, ...args] = [...asNobody, process.execPath, "--input-type", "module", "--eval", script];
  const environment = { ...process.env, TMPDIR: temporary.path };
  const { stdout } = spawnSync(command, args, { cwd: projectRoot, env: environment, encoding: "utf8" });
  // Or it could not be removed.
  chmodSync(temporary.path, 0o755);
  expect(stdout).toBe("null\n");
});

test("a program that leaves nothing behind has no cache", async () => {
  expect(await CodeCache.build([], { ...fixtureProgram("exits-at-once"), path: "/bin/false" })).toBeNull();
});

/** What the program says on standard error until it leaves for want of work. */
async function start(program: SecureProgram): Promise<string> {
  const sandbox = await chooseSandbox(programs.probes.slice(0, 1), "auto");
  let said = "";
  const subprocess = new SecureSubprocess(sandbox, program, {
    input: "ignore",
    output: "ignore",
    others: ["pipe", "ignore"],
    onErrorText: (text) => {
      said += text;
    },
  });
  subprocess.writable(audioDescriptors.control).end();
  await subprocess.closed();
  return said;
}
