import { Console } from "node:console";
import { Writable } from "node:stream";
import { formatWithOptions, inspect } from "node:util";
import { serialize } from "node:v8";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Secret } from "../../../src/secrets/secret.ts";

const canary = "canary-5f1d0c7e";
const secret = new Secret(canary);
/** For the compiler, which would not let it be printed. */
const asText = secret as unknown as string;
/** Places where a value hides from careless masking. */
const nested = { list: [{ deep: { deeper: { secret } } }], map: new Map([[secret, secret]]), set: new Set([secret]) };

test("the value leaves through use", () => {
  expect(secret.use((value) => value.length)).toBe(canary.length);
  expect(secret.use((value) => value)).toBe(canary);
});

test.each<[string, () => unknown]>([
  ["JSON", () => JSON.stringify({ secret, nested })],
  ["a template string", () => `it is ${asText}`],
  ["String", () => String(secret)],
  ["concatenation", () => "it is ".concat(asText)],
  ["a number", () => Number(secret)],
  ["inspect", () => inspect(nested, { depth: Infinity, showHidden: true, getters: true })],
  ["inspect that ignores what objects ask for", () => inspect(nested, { depth: 9, customInspect: false })],
  ["format", () => formatWithOptions({ depth: 9 }, "%s %o %O %j %d", secret, secret, nested, { secret }, secret)],
  [
    "keys, entries and spread",
    () => JSON.stringify([Object.entries(secret), Object.assign({}, secret), Reflect.ownKeys(secret)]),
  ],
  ["its prototype", () => inspect(Object.getOwnPropertyDescriptors(Secret.prototype))],
  ["a copy", () => inspect(structuredClone(nested), { depth: 9, showHidden: true })],
  ["a serialised copy", () => serialize(nested).toString("latin1")],
  ["an error's message", () => new Error(`it is ${asText}`).stack],
  ["an error's cause and fields", () => inspect(Object.assign(new Error("no", { cause: secret }), { nested }))],
  ["Object.prototype.toString", () => Object.prototype.toString.call(secret)],
  ["a locale string", () => secret.toLocaleString()],
])("%s does not show the value", (_, print) => {
  expect(String(print())).not.toContain(canary);
});

test("a console prints the mask", () => {
  const output = new Collected();
  const console = new Console({ stdout: output, stderr: output });
  console.log(secret, nested, "%s", secret);
  console.dir(nested, { depth: 9, showHidden: true });
  console.table([{ secret }]);
  console.error(new Error("failed", { cause: nested }));
  expect(output.text).toContain("[secret]");
  expect(output.text).not.toContain(canary);
});

test("a log has the mask at every level", () => {
  const output = new Collected();
  const log = pino({ level: "trace" }, output);
  for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) {
    log[level](
      { secret, nested, err: Object.assign(new Error(String(secret)), { secret }) },
      "with %s %o",
      secret,
      secret,
    );
    log.child({ secret })[level](secret);
  }
  expect(output.text.split("\n")).toHaveLength(13);
  expect(output.text).toContain('"secret":"[secret]"');
  expect(output.text).not.toContain(canary);
});

test("nothing can be hung on it or changed", () => {
  expect(() => Object.assign(secret, { value: canary })).toThrow(TypeError);
  expect(() => Object.defineProperty(secret, "toJSON", { value: () => canary })).toThrow(TypeError);
});

test("two of the same value are equal, others are not, whatever their lengths", () => {
  expect(secret.equals(new Secret(canary))).toBe(true);
  expect(secret.equals(new Secret(`${canary}x`))).toBe(false);
  expect(secret.equals(new Secret(""))).toBe(false);
});

class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
