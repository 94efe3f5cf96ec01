import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { TranscriptAnswer } from "../../../src/http/transcript-answer.ts";
import { jsonFormat } from "../../../src/http/transcripts/json.ts";
import { sseFormat } from "../../../src/http/transcripts/sse.ts";
import type { TranscriptFormat } from "../../../src/http/transcripts/transcript-format.ts";
import { vttFormat } from "../../../src/http/transcripts/vtt.ts";
import { newExchange } from "../../helpers/new-exchange.ts";

const request = { language: null, isModerated: false };
const heartbeatMs = 15_000;

/** What an answer asks of Node's response, written down. */
class FakeResponse extends EventEmitter {
  readonly log: string[] = [];
  /** What `write` returns: whether the client keeps up. */
  keepsUp = true;
  writableNeedDrain = false;

  writeHead(status: number, headers: readonly string[]): this {
    const length = headers.indexOf("content-length");
    this.log.push(length === -1 ? `head ${status}` : `head ${status}, ${headers[length + 1] ?? ""} bytes`);
    return this;
  }

  write(text: string, callback?: () => void): boolean {
    this.log.push(text);
    callback?.();
    return this.keepsUp;
  }

  end(body: Buffer | string = ""): void {
    this.log.push(`${body.toString()}<end>`);
  }

  destroy(): void {
    this.log.push("<broken>");
  }
}

function newAnswer(format: TranscriptFormat, idleMs: () => number = () => Number.POSITIVE_INFINITY) {
  const response = new FakeResponse();
  const exchange = newExchange();
  const answer = new TranscriptAnswer({
    exchange,
    response: response as unknown as ServerResponse,
    format,
    heartbeatMs,
    idleMs,
  });
  return { answer, response, exchange };
}

describe("TranscriptAnswer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("holds back what is not live, and sends it with its length", async () => {
    const { answer, response } = newAnswer(vttFormat());
    await answer.write("a");
    await answer.write("b");
    expect(response.log).toEqual([]);
    answer.end("é");
    expect(response.log).toEqual(["head 200, 11 bytes", "WEBVTT\nabé<end>"]);
  });

  it("sends what is live at once", async () => {
    const { answer, response } = newAnswer(sseFormat(request));
    await answer.write("a");
    await answer.write("");
    await answer.write("b");
    answer.end("c");
    expect(response.log).toEqual(["head 200", "a", "b", "c<end>"]);
  });

  it("shows that it is alive every 15 s when it is live", () => {
    const { answer, response } = newAnswer(sseFormat(request), () => 0);
    vi.advanceTimersByTime(2 * heartbeatMs);
    answer.end("");
    expect(response.log).toEqual(["head 200", ": ping\n\n", ": ping\n\n", "<end>"]);
  });

  it("begins what is not live once the client has waited for 30 s, and not while it sends", () => {
    let idleMs = 0;
    const { answer, response } = newAnswer(jsonFormat(request), () => idleMs);
    vi.advanceTimersByTime(10 * heartbeatMs);
    expect(response.log).toEqual([]);
    idleMs = 2 * heartbeatMs;
    vi.advanceTimersByTime(2 * heartbeatMs);
    answer.end("{}");
    expect(response.log).toEqual(["head 200", "\n", "\n", "{}<end>"]);
  });

  it("sends what it held back with its first sign of life, and all else at once from then on", async () => {
    const { answer, response } = newAnswer(vttFormat());
    await answer.write("a");
    vi.advanceTimersByTime(heartbeatMs);
    await answer.write("b");
    answer.end("");
    expect(response.log).toEqual(["head 200", "WEBVTT\na\nNOTE\n", "b", "<end>"]);
  });

  it("waits for a client that does not keep up, without signs of life", async () => {
    const { answer, response } = newAnswer(sseFormat(request));
    response.keepsUp = false;
    let isThrough = false;
    const writing = answer.write("a").then(() => {
      isThrough = true;
    });
    response.writableNeedDrain = true;
    await vi.advanceTimersByTimeAsync(heartbeatMs);
    expect({ isThrough, log: response.log }).toEqual({ isThrough: false, log: ["head 200", "a"] });
    response.emit("drain");
    await writing;
    answer.stop();
  });

  it("waits no longer than the request is wanted", async () => {
    const { answer, response, exchange } = newAnswer(sseFormat(request));
    response.keepsUp = false;
    const writing = answer.write("a");
    const reason = new ServiceError("client_closed_request", "gone");
    exchange.cancellation.abort(reason);
    await expect(writing).rejects.toBe(reason);
    answer.stop();
  });

  it.each([
    ["an event, for a stream", sseFormat(request), ["event: error\ndata: {}\n\n<end>"]],
    ["its body and a broken connection, for JSON", jsonFormat(request), ["{}", "<broken>"]],
    ["a broken connection, for subtitles", vttFormat(), ["<broken>"]],
  ])("tells of a failure by %s", (_what, format, expected) => {
    const { answer, response } = newAnswer(format);
    vi.advanceTimersByTime(heartbeatMs);
    answer.fail("{}");
    expect(response.log.slice(2)).toEqual(expected);
  });

  it("writes nothing after it has ended", async () => {
    const { answer, response } = newAnswer(sseFormat(request));
    answer.fail("{}");
    const { length } = response.log;
    await answer.write("late");
    vi.advanceTimersByTime(10 * heartbeatMs);
    expect(response.log).toHaveLength(length);
  });
});
