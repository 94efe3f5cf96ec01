import type { RequestContext } from "../../src/scheduler/request-context.ts";
import type { SpeechModel, SpeechWindowInput, SpeechWindowOutput } from "../../src/tasks/served-model.ts";
import { FakeModel } from "./fake-model.ts";
import { whisperWindows } from "./window-shapes.ts";

/** What the fake hears in a window; the rest is sound speech in French. */
export type Heard = Partial<Omit<SpeechWindowOutput, "tokenIds">> & { readonly text: string };

/**
 * A speech model without processes. Its tokens are the UTF-16 units of the text. `hear` says what it makes of a window;
 * by default every window holds one sentence.
 */
export class FakeSpeechModel extends FakeModel implements SpeechModel {
  readonly task = "automatic-speech-recognition" as const;
  readonly languages = ["de", "en", "es", "fr"];
  detectsLanguage = true;
  readonly windows = whisperWindows;
  windowsAhead = 3;
  /** Every window it was given, oldest first. */
  readonly inputs: SpeechWindowInput[] = [];
  readonly contexts: RequestContext[] = [];
  hear: (input: SpeechWindowInput, context: RequestContext) => Heard | Promise<Heard> = () => ({
    text: "Bonjour à tous.",
  });

  constructor(name = "whisper-base") {
    super(name, "1");
  }

  async transcribe(input: SpeechWindowInput, context: RequestContext): Promise<SpeechWindowOutput> {
    this.inputs.push(input);
    this.contexts.push(context);
    const { text, ...heard } = await this.hear(input, context);
    return {
      tokenIds: Int32Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)),
      language: input.language ?? "fr",
      languageProbability: 0.98,
      noSpeechProbability: 0.01,
      averageLogProbability: -0.2,
      ending: "end-token",
      queueMs: 0.5,
      inferenceMs: 1.5,
      ...heard,
    };
  }

  decode(tokenIds: Int32Array): string {
    return String.fromCharCode(...tokenIds);
  }
}
