import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";

test.each(["18.20.4", "20.20.2", "22.18.0", "24.11.1"])(
  "on Node %s the start ends with one line that says what to do",
  (version) => {
    const { status, stdout, stderr } = startOn(version);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain("needs Node 24.12 or newer");
    expect(stderr).toContain(version);
  },
);

test.each(["24.12.0", "24.21.0", "25.0.0", "26.1.0"])("on Node %s the service is started", (version) => {
  expect(startOn(version)).toMatchObject({ status: 0, stdout: "started\n", stderr: "" });
});

/** Starts a program behind the check, on a Node that gives itself out as this version. */
function startOn(version: string) {
  const disguise = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const imports = [
    "--import",
    `data:text/javascript,${encodeURIComponent(disguise)}`,
    "--import",
    "./src/require-node.mjs",
  ];
  return spawnSync(process.execPath, [...imports, "--eval", 'console.log("started")'], {
    cwd: projectRoot,
    encoding: "utf8",
  });
}
