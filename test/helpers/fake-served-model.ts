import type { ModelState } from "../../src/events.ts";
import type { ClientKey, RequestContext } from "../../src/scheduler/request-context.ts";
import type { RunResult, ServedModel } from "../../src/tasks/served-model.ts";
import type { PreparedText } from "../../src/text/prepared-text.ts";

/** The word that makes a text toxic to the fake model. */
export const toxicWord = "imbécile";

/**
 * A model without processes: one window per text, toxic when the text has the toxic word. Tests set what it does:
 * `refuseWith` before the body, `prepareWith` and `runWith` in the stages.
 */
export class FakeServedModel implements ServedModel {
  readonly identity;
  readonly task = "text-classification" as const;
  readonly labels = ["non_toxic", "toxic"];
  readonly isRequired = true;
  readonly device = "cpu";
  readonly contexts: RequestContext[] = [];
  refuseWith: ((client: ClientKey) => Error | null) | null = null;
  prepareWith: ((context: RequestContext) => Promise<void>) | null = null;
  runWith: ((context: RequestContext) => Promise<void>) | null = null;
  currentState: ModelState = "ready";

  constructor(name = "camembert-toxicity-fr") {
    this.identity = { name, version: "1.0.0", digest: `sha256:${"0".repeat(64)}` };
  }

  /** Requests that keep it from being stopped. */
  holds = 0;

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

  async prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]> {
    this.contexts.push(context);
    await this.prepareWith?.(context);
    return texts.map((text) => ({
      tokens: text.split(/\s+/).length,
      windows: [{ inputIds: Int32Array.of(text.includes(toxicWord) ? 1 : 0), start: 0, end: text.length }],
    }));
  }

  async run(windows: readonly Int32Array[], context: RequestContext): Promise<RunResult> {
    await this.runWith?.(context);
    const logits = windows.map(([isToxic]) => (isToxic === 1 ? Float32Array.of(-2, 2) : Float32Array.of(2, -2)));
    return { logits, queueMs: 0.5, inferenceMs: 1.5 };
  }
}
