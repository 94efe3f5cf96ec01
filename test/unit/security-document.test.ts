import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";

const document = readFileSync(join(projectRoot, "docs/security.md"), "utf8");

/** A threat: what could happen, what stops it, the proof. */
const threats = document
  .split("\n")
  .map((line) => line.split(" | "))
  .filter(([, , proof]) => proof?.includes("`test/") === true);

test("docs/security.md names only files that are there", () => {
  const paths = [...document.matchAll(/`((?:src|test|tools)\/[\w./-]+|Dockerfile|package\.json)`/g)].map(
    ([, path]) => path ?? "",
  );
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
});

test("docs/security.md names for every threat a file that stops it and tests that have these titles", () => {
  expect(threats.length).toBeGreaterThan(25);
  for (const [, stop = "", proof = ""] of threats) {
    expect(stop).toMatch(/`(?:src\/|tools\/|Dockerfile)/);
    for (const [, path = "", titles = ""] of proof.matchAll(/`(test\/[^`]+)`([^`]*)/g)) {
      const source = readFileSync(join(projectRoot, path), "utf8");
      const missing = (titles.match(/"[^"]+"/g) ?? []).filter((title) => !source.includes(title));
      expect({ path, missing }).toEqual({ path, missing: [] });
    }
  }
});

test("every table row of docs/security.md that is no description of a part is a threat with its proof", () => {
  const rows = document.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  const headings = rows.filter((line) => /^\| (?:part|what they could do|what could happen) \|/.test(line));
  const parts = rows.filter((line) => /^\| (?:client|API process|inference process|audio process) \|/.test(line));
  expect(rows.length - headings.length - parts.length).toBe(threats.length);
});
