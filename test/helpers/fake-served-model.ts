import type { RequestContext } from "../../src/scheduler/request-context.ts";
import type { RunResult, TextModel } from "../../src/tasks/served-model.ts";
import type { PreparedText } from "../../src/text/prepared-text.ts";
import { FakeModel } from "./fake-model.ts";

/** The word that makes a text toxic to the fake model. */
export const toxicWord = "imbécile";

/**
 * A model without processes: one window per text, toxic when the text has the toxic word. Tests set what it does:
 * `refuseWith` before the body, `prepareWith` and `runWith` in the stages.
 */
export class FakeServedModel extends FakeModel implements TextModel {
  readonly task = "text-classification" as const;
  readonly labels = ["non_toxic", "toxic"];
  readonly windowBias: number = 0;
  readonly contexts: RequestContext[] = [];
  prepareWith: ((context: RequestContext) => Promise<void>) | null = null;
  runWith: ((context: RequestContext) => Promise<void>) | null = null;

  constructor(name = "camembert-toxicity-fr") {
    super(name, "0");
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
