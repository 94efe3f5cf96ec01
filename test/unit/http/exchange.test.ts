import { describe, expect, it } from "vitest";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { newExchange } from "../../helpers/new-exchange.ts";

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
