import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { type FakeAppChanges, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { rawUpload } from "../../helpers/transcribe-request.ts";

const told: FakeAppChanges = { telemetry: { serverTiming: true } };
const classify = { method: "POST", url: "/v1/classify", payload: classifyBody("Bonjour") } as const;

/** Milliseconds by name, read by the grammar of the specification: `name;dur=number`, separated by commas. */
function durationsIn(header: unknown): Record<string, number> {
  const entries = String(header)
    .split(/, */)
    .map((entry) => /^([!#$%&'*+.^_`|~\w-]+);dur=(\d+(?:\.\d+)?)$/.exec(entry));
  return Object.fromEntries(entries.map((entry) => [entry?.[1] ?? "malformed", Number(entry?.[2])]));
}

describe("Server-Timing", () => {
  it("is not sent unless the configuration asks for it", async () => {
    await using fake = await fakeApp();
    expect((await fake.app.inject(classify)).headers).not.toHaveProperty("server-timing");
  });

  it("tells what the body's timings tell, and a total no smaller than theirs", async () => {
    await using fake = await fakeApp(told);
    const response = await fake.app.inject(classify);
    const { timings } = response.json<{ timings: Record<string, number> }>();
    const { total, ...stages } = durationsIn(response.headers["server-timing"]);
    expect(stages).toEqual({
      queue: timings["queueMs"],
      preprocess: timings["preprocessMs"],
      inference: timings["inferenceMs"],
    });
    expect(total).toBeGreaterThanOrEqual(timings["totalMs"] ?? Number.NaN);
  });

  it("is sent or not as the configuration says when the request comes", async () => {
    await using fake = await fakeApp();
    fake.config = { ...fake.config, telemetry: { ...fake.config.telemetry, serverTiming: true } };
    expect((await fake.app.inject(classify)).headers).toHaveProperty("server-timing");
  });

  it("is part of the answers of all task routes, and of no other", async () => {
    await using fake = await fakeSpeechApp(told);
    const moderation = { method: "POST", url: "/v1/moderations", payload: { input: "Bonjour" } } as const;
    for (const request of [moderation, rawUpload(), rawUpload("?response_format=srt")]) {
      const { statusCode, headers } = await fake.app.inject(request);
      expect(statusCode).toBe(200);
      expect(Object.keys(durationsIn(headers["server-timing"]))).toEqual(["queue", "preprocess", "inference", "total"]);
    }
    expect((await fake.app.inject("/v1/models")).headers).not.toHaveProperty("server-timing");
  });

  it("is left out of a stream, whose headers leave before anything is known", async () => {
    await using fake = await fakeSpeechApp(told);
    const { statusCode, headers } = await fake.app.inject(rawUpload("?stream=true"));
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty("server-timing");
  });

  it("tells the total of a request that failed, at the door and behind it", async () => {
    await using fake = await fakeApp(told);
    const invalid = await fake.app.inject({ ...classify, payload: classifyBody(" ") });
    expect(invalid.statusCode).toBe(400);
    expect(durationsIn(invalid.headers["server-timing"])).toEqual({ total: expect.any(Number) });
    fake.model.refuseWith = () => new ServiceError("model_loading", "Not yet.");
    const refused = await fake.app.inject(classify);
    expect(refused.statusCode).toBe(503);
    expect(durationsIn(refused.headers["server-timing"])).toEqual({ total: expect.any(Number) });
  });
});
