import { expect, test } from "vitest";
import { EventBus } from "../../src/events.ts";

test("every subscriber of an event gets its payload, in the order of subscription", () => {
  const { bus } = createBus();
  const seen: string[] = [];
  bus.on("service_stopped", ({ reason }) => seen.push(`first ${reason}`));
  bus.on("service_stopped", ({ reason }) => seen.push(`second ${reason}`));
  bus.on("service_draining", () => seen.push("other event"));
  bus.emit("service_stopped", { reason: "SIGTERM" });
  expect(seen).toEqual(["first SIGTERM", "second SIGTERM"]);
});

test("an event without subscribers is dropped", () => {
  const { bus, failures } = createBus();
  bus.emit("service_ready", { startMs: 1 });
  expect(failures).toEqual([]);
});

test("a subscription that has ended gets nothing, and leaves the others alone", () => {
  const { bus } = createBus();
  const seen: string[] = [];
  const end = bus.on("service_ready", () => seen.push("ended"));
  bus.on("service_ready", () => seen.push("kept"));
  end();
  end();
  bus.emit("service_ready", { startMs: 1 });
  expect(seen).toEqual(["kept"]);
});

test("a subscriber that throws is reported with its event, and neither the emitter nor the others notice", () => {
  const { bus, failures } = createBus();
  const failure = new Error("broken subscriber");
  const seen: string[] = [];
  bus.on("service_ready", () => {
    throw failure;
  });
  bus.on("service_ready", () => seen.push("still called"));
  bus.emit("service_ready", { startMs: 1 });
  expect(seen).toEqual(["still called"]);
  expect(failures).toEqual([["service_ready", failure]]);
});

test("a subscriber may end its own subscription while it is called", () => {
  const { bus } = createBus();
  const seen: string[] = [];
  const end = bus.on("service_ready", () => {
    seen.push("once");
    end();
  });
  bus.on("service_ready", () => seen.push("always"));
  bus.emit("service_ready", { startMs: 1 });
  bus.emit("service_ready", { startMs: 2 });
  expect(seen).toEqual(["once", "always", "always"]);
});

function createBus() {
  const failures: [string, unknown][] = [];
  return { bus: new EventBus((event, error) => failures.push([event, error])), failures };
}
