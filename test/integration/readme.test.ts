import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The README's commands, run as a newcomer would; CI itself runs `npm ci` and `npm test`. */

const root = resolve(import.meta.dirname, "../..");
const readme = readFileSync(resolve(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({ language, text }));
const commandsRunElsewhere = ["npm ci", "npm start", "npm test"];

let address = "";
let stop: () => Promise<void>;

beforeAll(async () => {
  // In a group of its own, so that npm, its shell and the service all get the signal, as from a terminal.
  const npm = spawn("npm", ["start"], {
    cwd: root,
    env: { ...process.env, PORT: "0" },
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((settle) => npm.once("exit", () => settle()));
  stop = async () => {
    if (npm.pid !== undefined) {
      process.kill(-npm.pid, "SIGTERM");
    }
    await exited;
  };
  for await (const line of createInterface({ input: npm.stdout })) {
    const entry = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
    if (entry["event"] === "service_started") {
      address = String(entry["address"]);
    }
    if (entry["event"] === "service_ready") {
      break;
    }
  }
  npm.stdout.resume();
});
afterAll(() => stop());

const requests = blocks.flatMap(({ language, text }, index) =>
  language === "sh" && text?.startsWith("curl") === true
    ? [{ command: text, answer: blocks[index + 1]?.language === "json" ? (blocks[index + 1]?.text ?? null) : null }]
    : [],
);

test.each(requests)("the README's request gets the README's answer: $command", async ({ command, answer }) => {
  const { stdout } = await promisify(execFile)("bash", ["-c", command.replaceAll("http://127.0.0.1:8080", address)]);
  const body: unknown = JSON.parse(stdout);
  if (answer === null) {
    expect(body).not.toHaveProperty("error");
  } else {
    expect(body).toEqual(likeAnswer(JSON.parse(answer)));
  }
});

test("every other command of the README is run here or by CI", async () => {
  const others = blocks
    .filter(({ language, text }) => language === "sh" && text?.startsWith("curl") !== true)
    .flatMap(({ text }) => text?.trim().split("\n") ?? [])
    .filter((command) => !commandsRunElsewhere.includes(command) && !command.startsWith("docker "));
  expect([...new Set(others)].toSorted()).toEqual(["npm run check-config", "npm run setup:gpu"]);
  const { stdout } = await promisify(execFile)("npm", ["run", "--silent", "check-config"], { cwd: root });
  expect(stdout).toContain("valid");
  // As far as it goes without a download.
  const setup = promisify(execFile)("npm", ["run", "--silent", "setup:gpu", "--", "--pair", "none"], { cwd: root });
  await expect(setup).rejects.toThrow("--pair takes 1.30 or 1.27");
});

/** Without what differs from request to request; scores within 0.05, as another processor may round differently. */
function likeAnswer(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(likeAnswer);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, varying.get(key) ?? likeAnswer(each)]));
  }
  return typeof value === "number" && !Number.isInteger(value) ? expect.closeTo(value, 1) : value;
}

const varying = new Map<string, unknown>([
  ["timings", expect.any(Object)],
  ["requestId", expect.any(String)],
  ["traceId", expect.any(String)],
]);
