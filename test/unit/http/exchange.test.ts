import { describe, expect, it } from "vitest";
import { Exchange } from "../../../src/http/exchange.ts";
import { newTrace } from "../../../src/http/trace-context.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { fakeConfig } from "../../helpers/fake-app.ts";

function newExchange(events = strictEventBus()): Exchange {
  return new Exchange({
    requestId: "request-1",
    trace: newTrace(),
    method: "GET",
    route: "/",
    isTask: false,
    config: fakeConfig(),
    events,
    isDraining: () => false,
    startedAt: performance.now(),
  });
}

describe("Exchange", () => {
  it("is finished once, by whatever comes first", () => {
    const events = strictEventBus();
    const finished = collectEvents(events, "request_finished");
    const exchange = newExchange(events);
    exchange.finish(200);
    exchange.finish(500, "internal_error");
    exchange.clientLeft();
    expect(finished).toMatchObject([{ statusCode: 200, code: null }]);
    expect(exchange.cancellation.signal.aborted).toBe(false);
  });

  it("stops a stage that begins after the client has left", async () => {
    const exchange = newExchange();
    exchange.clientLeft();
    const race = exchange.race(Promise.withResolvers<void>().promise);
    await expect(race).rejects.toMatchObject({ code: "client_closed_request" });
  });

  it("knows no admission when nobody let the request in", () => {
    expect(() => newExchange().admission).toThrow("not admitted");
  });
});
