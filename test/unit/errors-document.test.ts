import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { statusByCode } from "../../src/http/error-status.ts";

test("docs/errors.md lists every error code once, with its status, and no other", () => {
  const documented = readFileSync(join(projectRoot, "docs/errors.md"), "utf8").matchAll(/^\| (\d+) \| `(\w+)` \|/gm);
  const rows = [...documented].map(([, status, code]) => `${code} ${status}`);
  const expected = Object.entries(statusByCode).map(([code, status]) => `${code} ${status}`);
  expect(rows.toSorted()).toEqual(expected.toSorted());
});
