import { AsrPipelinePeer, type AsrPipelineSetting } from "./asr-pipeline/asr-pipeline-peer.ts";
import {
  type FasterWhisper,
  FasterWhisperPeer,
  type FasterWhisperSetting,
  prepareFasterWhisper,
} from "./faster-whisper/faster-whisper-peer.ts";
import type { Transcriber } from "./transcriber.ts";

export interface RecognizerSettings {
  /** CPUs that all may use, as `taskset -c` takes them; null: all. */
  readonly cpus: string | null;
  readonly fasterWhisper: readonly Omit<FasterWhisperSetting, "cpus">[];
  readonly asrPipeline: readonly Omit<AsrPipelineSetting, "cpus">[];
}

/** The peers in speech recognition that can be had here. */
export class Recognizers {
  /** Which cannot, and why. */
  readonly notes: readonly string[];
  readonly #fasterWhisper: FasterWhisper | null;
  readonly #asrModel: string | null;

  /**
   * @param model Folder with an int8 export in the hub's layout, for transformers.js; null: not compared.
   * @param python A Python with faster-whisper; null: one is made.
   */
  static async prepare({ model, python }: { readonly model: string | null; readonly python: string | null }) {
    const notes = model === null ? ["transformers.js was skipped: --public names no folder."] : [];
    try {
      return new Recognizers(await prepareFasterWhisper(python), model, notes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return new Recognizers(null, model, [...notes, `faster-whisper was skipped: ${reason}`]);
    }
  }

  private constructor(fasterWhisper: FasterWhisper | null, asrModel: string | null, notes: readonly string[]) {
    this.#fasterWhisper = fasterWhisper;
    this.#asrModel = asrModel;
    this.notes = notes;
  }

  /** Each in each of its settings. The stack ends them. */
  async start(
    { cpus, fasterWhisper, asrPipeline }: RecognizerSettings,
    stack: AsyncDisposableStack,
  ): Promise<Transcriber[]> {
    const started: Transcriber[] = [];
    if (this.#fasterWhisper !== null) {
      for (const setting of fasterWhisper) {
        started.push(stack.use(await FasterWhisperPeer.start(this.#fasterWhisper, { ...setting, cpus })));
      }
    }
    if (this.#asrModel !== null) {
      for (const setting of asrPipeline) {
        started.push(stack.use(await AsrPipelinePeer.start(this.#asrModel, { ...setting, cpus })));
      }
    }
    return started;
  }
}
