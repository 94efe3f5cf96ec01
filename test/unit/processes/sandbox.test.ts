import { expect, test } from "vitest";
import { isComplete, sandboxCandidates, sandboxTools } from "../../../src/processes/sandbox.ts";

const everything = (): boolean => true;

test("with every tool the complete sandbox is tried first and the plain program last", () => {
  const candidates = sandboxCandidates(everything, false);
  expect(candidates[0]).toEqual(["prlimit", "no_new_privileges", "bubblewrap", "seccomp"]);
  expect(candidates.at(-1)).toEqual(["prlimit", "no_new_privileges"]);
  expect(candidates).toHaveLength(4);
});

test("root first tries to be somebody else, with every wall", () => {
  const candidates = sandboxCandidates(everything, true);
  expect(candidates).toHaveLength(8);
  expect(candidates.filter((_, at) => at % 2 === 0).every((sandbox) => sandbox.includes("unprivileged_user"))).toBe(
    true,
  );
});

test("without bubblewrap namespaces come first", () => {
  const candidates = sandboxCandidates((path) => path !== sandboxTools.bubblewrap, false);
  expect(candidates[0]).toEqual(["prlimit", "no_new_privileges", "namespaces"]);
});

test("without any tool there is one candidate, without layers", () => {
  expect(sandboxCandidates(() => false, true)).toEqual([[]]);
});

test.each([
  [["prlimit", "no_new_privileges", "bubblewrap", "seccomp"], true],
  [["prlimit", "no_new_privileges", "unprivileged_user", "bubblewrap", "seccomp"], true],
  [["prlimit", "no_new_privileges", "bubblewrap"], false],
  [["no_new_privileges", "bubblewrap", "seccomp"], false],
  [[], false],
] as const)("%j is complete: %s", (sandbox, expected) => {
  expect(isComplete(sandbox)).toBe(expected);
});
