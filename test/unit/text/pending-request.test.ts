import { expect, test } from "vitest";
import type { TextResult } from "../../../src/text/messages.ts";
import { maxSliceLength, PendingRequest } from "../../../src/text/pending-request.ts";
import { contextOf } from "./request-context.ts";

const resultOf = (text: string): TextResult => ({ tokens: text.length, windows: [] });

test("short texts travel together, up to the length of a slice", () => {
  const texts = Array.from({ length: 5 }, (_, index) => String(index).repeat(maxSliceLength / 2));
  const request = new PendingRequest(texts, contextOf());
  const slices: (readonly string[])[] = [];
  for (let slice = request.nextSlice; slice !== undefined; slice = request.nextSlice) {
    expect(slice.length).toBe(slice.texts.join("").length);
    slices.push(slice.texts);
    request.deliver(slice.texts.map(resultOf));
  }
  expect(slices).toEqual([texts.slice(0, 2), texts.slice(2, 4), texts.slice(4)]);
});

test("a text longer than a slice travels alone", () => {
  const long = "x".repeat(maxSliceLength + 1);
  const request = new PendingRequest(["a", long, "b"], contextOf());
  expect(request.nextSlice?.texts).toEqual(["a"]);
  request.deliver([resultOf("a")]);
  expect(request.nextSlice?.texts).toEqual([long]);
});

test("the result has every text in order, as soon as the last slice is there", async () => {
  const texts = ["x".repeat(maxSliceLength), "yy", "z"];
  const request = new PendingRequest(texts, contextOf());
  request.deliver(texts.slice(0, 1).map(resultOf));
  expect(request.isSettled).toBe(false);
  request.deliver(texts.slice(1).map(resultOf));
  expect(request.isSettled).toBe(true);
  await expect(request.result).resolves.toMatchObject([{ tokens: maxSliceLength }, { tokens: 2 }, { tokens: 1 }]);
});

test("a text that failed fails the request without telling the text", async () => {
  const request = new PendingRequest(["fine", "secret"], contextOf());
  request.deliver([resultOf("fine"), { errorName: "RangeError" }]);
  await expect(request.result).rejects.toMatchObject({ code: "internal_error", facts: { errorName: "RangeError" } });
  await expect(request.result).rejects.not.toMatchObject({ message: expect.stringContaining("secret") as string });
});

test("a request that failed stays failed, whatever is delivered later", async () => {
  const request = new PendingRequest(["a"], contextOf());
  const reason = new Error("gone");
  request.fail(reason);
  request.deliver([resultOf("a")]);
  await expect(request.result).rejects.toBe(reason);
});
