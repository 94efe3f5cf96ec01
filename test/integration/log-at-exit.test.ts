import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";

const program = `
  import { createLogger } from "./src/telemetry/logger.ts";
  const logger = createLogger({ level: () => "info", version: "1" });
  for (let number = 0; number < 1000; number++) {
    logger.write("info", "line", { number });
  }
`;

test("a process that exits at once has written every line", () => {
  const { status, stdout } = runProgram(`${program} process.exit(3);`, "pipe");
  expect(status).toBe(3);
  expect(numbersOf(stdout)).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
});

test("a process that has nothing more to do has written every line", () => {
  const { status, stdout } = runProgram(program, "pipe");
  expect(status).toBe(0);
  expect(numbersOf(stdout)).toHaveLength(1_000);
});

test("a process whose log meets a full disk ends all the same", () => {
  const { status, signal } = runProgram(
    `${program} await logger.flush(); process.exit(3);`,
    openSync("/dev/full", "w"),
  );
  expect({ status, signal }).toEqual({ status: 3, signal: null });
});

test("a process whose log nobody reads any more ends all the same", () => {
  const pipeline = '"$0" --input-type=module --eval "$1" | head -n 1; exit "${PIPESTATUS[0]}"';
  const { status, signal } = spawnSync("bash", ["-c", pipeline, process.execPath, `${program} process.exit(3);`], {
    cwd: projectRoot,
    timeout: 30_000,
  });
  expect({ status, signal }).toEqual({ status: 3, signal: null });
});

function runProgram(code: string, stdout: "pipe" | number) {
  return spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: projectRoot,
    encoding: "utf8",
    stdio: ["ignore", stdout, "inherit"],
    timeout: 30_000,
  });
}

function numbersOf(log: string): unknown[] {
  return log
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { number: unknown }).number);
}
