import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { SpanLoss } from "../../events.ts";

type OnLost = (spans: number, reason: SpanLoss) => void;

/**
 * Counts the spans that never reach the collector. The SDK drops them in silence: those beyond its queue, and those whose
 * export failed. It stands before the SDK's batch processor and behind it, as its exporter.
 */
export class SpanLosses {
  readonly #maxWaiting: number;
  readonly #onLost: OnLost;
  /** Spans that the batch processor holds. */
  #waiting = 0;
  #underWay = 0;
  #hasGivenUp = false;

  constructor(maxWaiting: number, onLost: OnLost) {
    this.#maxWaiting = maxWaiting;
    this.#onLost = onLost;
  }

  watchExporter(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        this.#underWay += spans.length;
        exporter.export(spans, (result) => {
          this.#underWay -= spans.length;
          if (result.code === ExportResultCode.FAILED && !this.#hasGivenUp) {
            this.#onLost(spans.length, "export_failed");
          }
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }

  watchProcessor(processor: SpanProcessor): SpanProcessor {
    return {
      onStart: (span, context) => processor.onStart(span, context),
      onEnd: (span: ReadableSpan) => {
        if (this.#waiting >= this.#maxWaiting) {
          this.#onLost(1, "queue_full");
        } else {
          this.#waiting++;
          processor.onEnd(span);
        }
      },
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    };
  }

  /** Nothing is waited for any more: what has not arrived by now is lost. */
  giveUp(): void {
    const left = this.#waiting + this.#underWay;
    if (left > 0 && !this.#hasGivenUp) {
      this.#onLost(left, "shutdown");
    }
    this.#hasGivenUp = true;
  }
}
