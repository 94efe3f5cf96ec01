import { Exchange } from "../../src/http/exchange.ts";
import { newTrace } from "../../src/http/trace-context.ts";
import { strictEventBus } from "./event-bus.ts";
import { fakeConfig } from "./fake-app.ts";

/** The exchange of a plain GET whose headers have just been read. */
export function newExchange(events = strictEventBus()): Exchange {
  return new Exchange({
    requestId: "request-1",
    trace: newTrace(),
    decideSampling: () => null,
    method: "GET",
    route: "/",
    isTask: false,
    audioBody: null,
    config: fakeConfig(),
    events,
    isDraining: () => false,
    startedAt: performance.now(),
  });
}
