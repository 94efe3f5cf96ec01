import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { sendError } from "../../../src/http/send-error.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeClient } from "../../helpers/fake-client.ts";
import { newExchange } from "../../helpers/new-exchange.ts";

describe("sendError", () => {
  it("breaks the connection when part of another answer has left", async () => {
    const events = strictEventBus();
    const finished = collectEvents(events, "request_finished");
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("part");
      sendError(newExchange(events), response, new ServiceError("internal_error", "broken"));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const address = server.address();
      using client = await FakeClient.connect(typeof address === "object" ? (address?.port ?? 0) : 0);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.closed();
      expect(client.rest).not.toContain("broken");
      expect(finished).toMatchObject([{ statusCode: 200, code: "internal_error" }]);
    } finally {
      server.close();
    }
  });

  it("writes nothing to an exchange that is finished", async () => {
    const exchange = newExchange();
    exchange.clientLeft();
    const untouchable = new Proxy({}, { get: () => expect.unreachable() });
    sendError(exchange, untouchable as never, new ServiceError("internal_error", "late"));
  });
});
