import { expect, test } from "vitest";
import { missingKeysProblem } from "../../src/require-keys.ts";
import { fakeConfig } from "../helpers/fake-app.ts";

test.each(["127.0.0.1", "127.8.9.10", "::1", "localhost"])(
  "nobody else reaches %s, so that it needs no keys",
  (host) => {
    expect(missingKeysProblem(fakeConfig({ server: { host } }), false)).toBeNull();
  },
);

test.each(["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "api.example", "127.example"])("%s needs keys", (host) => {
  expect(missingKeysProblem(fakeConfig({ server: { host } }), false)).toContain(host);
  expect(missingKeysProblem(fakeConfig({ server: { host } }), true)).toBeNull();
  expect(missingKeysProblem(fakeConfig({ server: { host }, auth: { mode: "none" } }), false)).toBeNull();
});
