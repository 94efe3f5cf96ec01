import { EventBus, type ServiceEvents } from "../../src/events.ts";

/** A bus on which a subscriber's failure fails the test. */
export function strictEventBus(): EventBus {
  return new EventBus((event, error) => {
    throw new Error(`a subscriber of ${event} failed`, { cause: error });
  });
}

/** Every payload of one event from now on, in order. */
export function collectEvents<Name extends keyof ServiceEvents>(events: EventBus, name: Name): ServiceEvents[Name][] {
  const collected: ServiceEvents[Name][] = [];
  events.on(name, (payload) => collected.push(payload));
  return collected;
}
