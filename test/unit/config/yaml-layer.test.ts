import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readYamlLayer } from "../../../src/config/yaml-layer.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("each setting is located by the line of its key or list item", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("a.yaml", "# first\nserver:\n  port: 1\nmodels:\n  - folder: a\n  - folder: b\n");
  const { layer } = readYamlLayer(path);
  expect(layer?.sourceOf(["server"])).toBe(`${path}:2`);
  expect(layer?.sourceOf(["server", "port"])).toBe(`${path}:3`);
  expect(layer?.sourceOf(["models", 1, "folder"])).toBe(`${path}:6`);
  expect(layer?.sourceOf(["server", "host"])).toBeNull();
  expect(layer?.sourceOf(["models", 2])).toBeNull();
});

test.each([
  ["a list", "- 1\n", "must be a mapping of settings"],
  ["a scalar", "hello\n", "must be a mapping of settings"],
  ["bytes that are not UTF-8", Uint8Array.of(0x61, 0x3a, 0x20, 0xff), "is not valid UTF-8"],
  ["more than a mebibyte", `#${"x".repeat(1_048_576)}`, "is larger than 1048576 bytes"],
  ["an alias bomb", aliasBomb(), "expands more aliases than allowed"],
])("a file that holds %s is refused", (_, content, message) => {
  using folder = new TemporaryFolder();
  const path = folder.write("a.yaml", content);
  expect(readYamlLayer(path)).toEqual({ layer: null, problems: [{ key: null, source: path, message }] });
});

test.each([
  ["a key twice", "a: 1\nb: 2\na: 3\n", 3, "names a key twice"],
  ["a tab for indentation", "a:\n\tb: 1\n", 2, "does not parse as YAML (TAB_AS_INDENT)"],
  ["a tag of its own", "a: 1\nb: !secret hunter2\n", 2, "does not parse as YAML (TAG_RESOLVE_FAILED)"],
  ["an unclosed list", "a: [1\n", 2, "does not parse as YAML (BAD_INDENT)"],
])("a file with %s is refused, with the line", (_, content, line, message) => {
  using folder = new TemporaryFolder();
  const path = folder.write("a.yaml", content);
  const { layer, problems } = readYamlLayer(path);
  expect(layer).toBeNull();
  expect(problems).toContainEqual({ key: null, source: `${path}:${line}`, message });
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("a file with two documents is refused", () => {
  using folder = new TemporaryFolder();
  const { layer, problems } = readYamlLayer(folder.write("a.yaml", "a: 1\n---\nb: 2\n"));
  expect(layer).toBeNull();
  expect(problems.map((problem) => problem.message)).toEqual(["does not parse as YAML (MULTIPLE_DOCS)"]);
});

test("a file that others can write is refused, one that a group can write is not", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("a.yaml", "a: 1\n");
  chmodSync(path, 0o664);
  expect(readYamlLayer(path).problems).toEqual([]);
  chmodSync(path, 0o646);
  expect(readYamlLayer(path).problems).toEqual([
    { key: null, source: path, message: "is writable by others; run `chmod o-w` on it" },
  ]);
});

test("a link to a regular file is read", () => {
  using folder = new TemporaryFolder();
  folder.write("target.yaml", "a: 1\n");
  symlinkSync("target.yaml", join(folder.path, "link.yaml"));
  expect(readYamlLayer(join(folder.path, "link.yaml")).layer?.value).toEqual({ a: 1 });
});

test("a folder and a pipe are refused without waiting for content", () => {
  using folder = new TemporaryFolder();
  const pipe = join(folder.path, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of [folder.path, pipe]) {
    expect(readYamlLayer(path)).toEqual({
      layer: null,
      problems: [{ key: null, source: path, message: "is not a regular file" }],
    });
  }
});

test("a file in the working directory is named as the reader would name it", () => {
  expect(readYamlLayer(join(process.cwd(), "config/default.yaml")).layer?.sourceOf(["service"])).toMatch(
    /^config\/default\.yaml:\d+$/,
  );
});

function aliasBomb(): string {
  const levels = Array.from({ length: 8 }, (_, level) =>
    level === 0
      ? "l0: &l0 [x, x, x]"
      : `l${level}: &l${level} [${Array(9)
          .fill(`*l${level - 1}`)
          .join(", ")}]`,
  );
  return `${levels.join("\n")}\n`;
}
