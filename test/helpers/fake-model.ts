import { randomUUID } from "node:crypto";
import type { ModelState } from "../../src/events.ts";
import type { ClientKey } from "../../src/scheduler/request-context.ts";

/** What the fakes of both tasks have in common: a model that is let go, refuses and changes its state as tests say. */
export class FakeModel {
  readonly id = randomUUID();
  readonly identity;
  isRequired = true;
  readonly device = "cpu";
  readonly precision = "int8";
  refuseWith: ((client: ClientKey) => Error | null) | null = null;
  currentState: ModelState = "ready";
  /** Requests that keep it from being stopped. */
  holds = 0;

  /** @param digit of which its digest is made. */
  constructor(name: string, digit: string) {
    this.identity = { name, version: "1.0.0", digest: `sha256:${digit.repeat(64)}` };
  }

  hold(): () => void {
    this.holds++;
    return () => {
      this.holds--;
    };
  }

  state(): ModelState {
    return this.currentState;
  }

  refusal(client: ClientKey): Error | null {
    return this.refuseWith?.(client) ?? null;
  }
}
