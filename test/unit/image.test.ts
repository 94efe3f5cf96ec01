import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";

const dockerfile = readFileSync(join(projectRoot, "Dockerfile"), "utf8");
const finalStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));

test("the image runs the service as a user that is not root and can write none of its files", () => {
  expect(finalStage).toMatch(/^USER 1000:1000$/m);
  expect(dockerfile).toMatch(/^RUN chmod -R a\+rX,go-w \.$/m);
  // After the last copy into it, and owned by root: a copy with --chown would not be.
  expect(finalStage).toMatch(/^COPY --from=build \/app \.\/$/m);
  expect(dockerfile).not.toContain("--chown");
});

test("no install script of a dependency runs while the image is built, and no secret goes into it", () => {
  for (const install of dockerfile.match(/npm (?:ci|install)\b.*/g) ?? []) {
    expect(install).toContain("--ignore-scripts");
  }
  expect(dockerfile).not.toMatch(/^(?:ARG|ENV) .*(?:KEY|TOKEN|SECRET|PASSWORD)/m);
});

test("the README starts the container read-only, without capabilities and without new privileges", () => {
  const command = /^docker run .*$/m.exec(readFileSync(join(projectRoot, "README.md"), "utf8"))?.[0] ?? "";
  for (const option of ["--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"]) {
    expect(command).toContain(option);
  }
});
