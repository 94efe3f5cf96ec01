import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { describeError } from "../../../src/telemetry/describe-error.ts";

const userText = "espèce d'imbécile";

test("a foreign error keeps its name, its code and its call sites, and loses its message", () => {
  const error = Object.assign(new RangeError(`bad input: ${userText}`), { code: "ERR_BAD" });
  const description = describeError(error);
  expect(description).toMatchObject({ name: "RangeError", code: "ERR_BAD" });
  expect(description.stack?.[0]).toMatch(/describe-error\.test\.ts:\d+/);
  expect(description).not.toHaveProperty("message");
  expect(JSON.stringify(description)).not.toContain(userText);
});

test("an error of our own keeps its message, its code and its facts", () => {
  const error = new ServiceError("invalid_prediction", "The scores do not sum to 1.", { facts: { sum: 1.5 } });
  expect(describeError(error)).toMatchObject({
    name: "ServiceError",
    code: "invalid_prediction",
    message: "The scores do not sum to 1.",
    facts: { sum: 1.5 },
  });
});

test("an error for operators keeps its message, and of the system's error behind it the code alone", () => {
  const cause = Object.assign(new Error(`ENOENT: no such file, open '${userText}'`), { code: "ENOENT" });
  const description = describeError(new OperatorError("model.json cannot be read", { cause }));
  expect(description).toMatchObject({
    name: "OperatorError",
    message: "model.json cannot be read",
    cause: { name: "Error", code: "ENOENT" },
  });
  expect(description.cause).not.toHaveProperty("message");
  expect(JSON.stringify(description)).not.toContain(userText);
});

test("a cause is described by the same rules", () => {
  const error = new ServiceError("internal_error", "It failed.", { cause: new TypeError(userText) });
  const description = describeError(error);
  expect(description.cause).toMatchObject({ name: "TypeError" });
  expect(JSON.stringify(description)).not.toContain(userText);
});

test("a message that looks like call sites is cut off as well", () => {
  const error = new Error(`first\n    at ${userText} (file.ts:1:1)\n    at last`);
  const description = describeError(error);
  expect(description.stack?.[0]).toMatch(/describe-error\.test\.ts:\d+/);
  expect(JSON.stringify(description)).not.toContain(userText);
});

test("a message that was changed after the stack was read takes the stack with it", () => {
  const error = new Error(`old\n    at ${userText}`);
  expect(error.stack).toContain("old");
  error.message = "new";
  expect(describeError(error)).toEqual({ name: "Error" });
});

test.each([
  [userText, "thrown string"],
  [undefined, "thrown undefined"],
  [null, "thrown null"],
  [{ text: userText }, "thrown object"],
])("of a thrown value that is no error, only the type is told", (value, name) => {
  expect(describeError(value)).toEqual({ name });
});

test("an error that is its own cause is described with an end", () => {
  const error = new Error("loop");
  error.cause = error;
  const depth = JSON.stringify(describeError(error)).split('"cause"').length - 1;
  expect(depth).toBe(3);
});
