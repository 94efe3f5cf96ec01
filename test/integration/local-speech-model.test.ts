import { expect, test } from "vitest";
import { ServiceError } from "../../src/errors.ts";
import type { SpeechWindowInput } from "../../src/tasks/served-model.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { readyStepsModel } from "../helpers/speech-models.ts";

/** A run of so many steps ends only when it is told to. */
const endless = 1e12;

test("a window goes through a real process and comes back with what was heard and how long it took", async () => {
  const model = await readyStepsModel();
  const heard = await model.transcribe(windowOf(3, 17), requestContext());
  expect(heard).toMatchObject({ tokenIds: Int32Array.of(17), language: "fr", languageProbability: 1 });
  expect([heard.queueMs, heard.inferenceMs].every((each) => each >= 0)).toBe(true);
  expect(model.windowsAhead).toBe(2);
});

test("a short clip is heard while the only process works on another request's window", async () => {
  const events = strictEventBus();
  const output = collectEvents(events, "process_output");
  const model = await readyStepsModel({}, events);
  const controller = new AbortController();
  const long = model.transcribe(windowOf(endless, 1), requestContext({ requestId: "long", signal: controller.signal }));
  long.catch(() => {});
  await waitUntil(() => output.length === 1, "the long window is being worked on");
  const short = await model.transcribe(windowOf(2, 2), requestContext({ requestId: "short" }));
  expect(short.tokenIds).toEqual(Int32Array.of(2));
  controller.abort(new ServiceError("client_closed_request", "gone"));
  await expect(long).rejects.toMatchObject({ code: "client_closed_request" });
});

test("a window that nobody waits for any more frees its process, which stays", async () => {
  const events = strictEventBus();
  const output = collectEvents(events, "process_output");
  const exits = collectEvents(events, "process_exited");
  const model = await readyStepsModel({}, events);
  const controller = new AbortController();
  const context = requestContext({ signal: controller.signal });
  const given = model.transcribe(windowOf(endless, 1), context);
  given.catch(() => {});
  await waitUntil(() => output.length === 1, "the window is being worked on");
  controller.abort(new ServiceError("client_closed_request", "gone"));
  await expect(given).rejects.toMatchObject({ code: "client_closed_request" });
  // The same request's next window: it would wait for the end of the first.
  expect((await model.transcribe(windowOf(1, 2), requestContext())).tokenIds).toEqual(Int32Array.of(2));
  expect(exits).toEqual([]);
});

test("the windows in flight when a process is killed run again, and nothing is lost", async () => {
  const events = strictEventBus();
  const output = collectEvents(events, "process_output");
  const started = collectEvents(events, "process_started");
  const model = await readyStepsModel({}, events);
  const heard = [1, 2, 3].map((token) => model.transcribe(windowOf(20_000, token), requestContext()));
  await waitUntil(() => output.length === 1, "the first window is being worked on");
  process.kill(started[0]?.pid ?? 0, "SIGKILL");
  expect((await Promise.all(heard)).map(({ tokenIds }) => tokenIds[0])).toEqual([1, 2, 3]);
  expect(started).toHaveLength(2);
});

function windowOf(steps: number, token: number): SpeechWindowInput {
  return {
    features: Float32Array.of(steps, token),
    frames: 1_500,
    audioMs: 15_000,
    language: null,
    temperature: 0,
    seed: 0,
  };
}
