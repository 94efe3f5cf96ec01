/** The parts of a request's way. A request may pass through one of them many times, and through several at once. */
export type StageName = "preprocess" | "queue" | "inference" | "postprocess";

/** Numbers and fixed words that explain a stage. Nothing that a client has written. */
export interface StageFacts {
  readonly model?: string;
  readonly modelVersion?: string;
  /** Of the inference process. */
  readonly pid?: number;
  /** Where it computes, such as `cpu`. */
  readonly device?: string;
  /** Texts that were made into windows. */
  readonly texts?: number;
  /** Windows of this request. */
  readonly windows?: number;
  /** Tokens of text, or frames of audio, of this request's windows. */
  readonly length?: number;
  /** Windows in the whole run, and these times the longest of them. */
  readonly batchWindows?: number;
  readonly batchPaddedLength?: number;
  /** Milliseconds between the dispatch of a run and its result in which the inference process did not work on it. */
  readonly transferMs?: number;
  readonly audioMs?: number;
  readonly speechMs?: number;
  /** Milliseconds that parts of the preprocessing of audio took, which go on beside each other. */
  readonly decodeMs?: number;
  readonly voiceActivityMs?: number;
  readonly featuresMs?: number;
  /** Why the stage came to nothing, as a fixed word. */
  readonly failure?: string;
}

/** The span of another request that was in the same run. */
export interface RelatedSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** One stage, on the clock of `performance.now()` of the API process. */
export interface StageRecord {
  readonly name: StageName;
  readonly startedAt: number;
  /** Null when the request was over before the stage was. */
  readonly endedAt: number | null;
  readonly facts: StageFacts;
  readonly related: readonly RelatedSpan[];
}

/** A stage that is under way. */
export interface OpenStage {
  /** The first call counts. `startedAt` corrects the beginning, where that was known too late. */
  end(endedAt: number, facts?: StageFacts, startedAt?: number): void;
}

/** Stages of each name that a timeline keeps: enough for half an hour of speech, and a bound for uploads of hours. */
const mostOfEachName = 64;

/** Others in a run that a stage names at most. */
export const mostRelated = 32;

/** When a request passed through which stages: kept for requests only whose trace is recorded. */
export class RequestTimeline {
  readonly #stages: Stage[] = [];
  readonly #counts = new Map<StageName, number>();
  #leftOut = 0;

  /** Stages in the order in which they began. */
  get stages(): readonly StageRecord[] {
    return this.#stages;
  }

  /** Stages beyond those that are kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  begin(name: StageName, startedAt: number, related: readonly RelatedSpan[] = []): OpenStage {
    const stage = new Stage(name, startedAt, related);
    const count = this.#counts.get(name) ?? 0;
    if (count < mostOfEachName) {
      this.#counts.set(name, count + 1);
      this.#stages.push(stage);
    } else {
      this.#leftOut++;
    }
    return stage;
  }
}

class Stage implements StageRecord, OpenStage {
  readonly name: StageName;
  readonly related: readonly RelatedSpan[];
  startedAt: number;
  endedAt: number | null = null;
  facts: StageFacts = {};

  constructor(name: StageName, startedAt: number, related: readonly RelatedSpan[]) {
    this.name = name;
    this.startedAt = startedAt;
    this.related = related;
  }

  end(endedAt: number, facts: StageFacts = {}, startedAt = this.startedAt): void {
    if (this.endedAt === null) {
      this.startedAt = startedAt;
      this.endedAt = Math.max(startedAt, endedAt);
      this.facts = facts;
    }
  }
}
