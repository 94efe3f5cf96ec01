import { expect, test } from "vitest";
import { withoutPaths } from "../../../src/health/without-paths.ts";

test.each([
  ["/srv/models/big/onnx/model.onnx cannot be opened", "model.onnx cannot be opened"],
  ["the manifest of model folder /srv/models/big does not", "the manifest of model folder big does not"],
  ["ENOENT: no such file or directory, open '/srv/a b/x'", "ENOENT: no such file or directory, open 'a b/x'"],
  ["Cannot find module 'file:///home/me/plugin.ts'", "Cannot find module 'plugin.ts'"],
  ["at (/usr/lib/x.so:12)", "at (x.so:12)"],
  ["turns are late by 3 ms, 4/5 of them", "turns are late by 3 ms, 4/5 of them"],
  ["onnx/model.onnx is not what its manifest says", "onnx/model.onnx is not what its manifest says"],
])("%s", (text, expected) => {
  expect(withoutPaths(text)).toBe(expected);
});
