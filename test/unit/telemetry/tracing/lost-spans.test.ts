import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { SpanLosses } from "../../../../src/telemetry/tracing/lost-spans.ts";

type Done = Parameters<SpanExporter["export"]>[1];

const span = {} as ReadableSpan;

/** A processor and an exporter that do what the test says, watched. */
function watched(maxWaiting: number) {
  const lost: [number, string][] = [];
  const losses = new SpanLosses(maxWaiting, (spans, reason) => lost.push([spans, reason]));
  const exports: Done[] = [];
  const taken: ReadableSpan[] = [];
  const exporter = losses.watchExporter({
    export: (_spans, done) => exports.push(done),
    shutdown: () => Promise.resolve(),
  });
  const processor: SpanProcessor = losses.watchProcessor({
    onStart: () => {},
    onEnd: (each) => taken.push(each),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  });
  const end = (): void => processor.onEnd(span);
  const exportAll = (): Promise<number> =>
    new Promise((resolve) => exporter.export(taken.splice(0), ({ code }) => resolve(code)));
  return { losses, lost, exports, taken, end, exportAll };
}

test("spans beyond the queue are lost, until an export makes room", () => {
  const { lost, taken, end, exportAll } = watched(2);
  end();
  end();
  end();
  expect(lost).toEqual([[1, "queue_full"]]);
  expect(taken).toHaveLength(2);
  void exportAll();
  end();
  expect(lost).toHaveLength(1);
});

test("the spans of a failed export are lost, and the processor hears of it", async () => {
  const { lost, exports, end, exportAll } = watched(10);
  end();
  end();
  const failed = exportAll();
  exports[0]?.({ code: ExportResultCode.FAILED, error: new Error("refused") });
  expect(await failed).toBe(ExportResultCode.FAILED);
  expect(lost).toEqual([[2, "export_failed"]]);
  const done = exportAll();
  exports[1]?.({ code: ExportResultCode.SUCCESS });
  expect(await done).toBe(ExportResultCode.SUCCESS);
  expect(lost).toHaveLength(1);
});

test("at the end, what waits and what is under way is lost, once", () => {
  const { losses, lost, exports, end, exportAll } = watched(10);
  end();
  void exportAll();
  end();
  losses.giveUp();
  expect(lost).toEqual([[2, "shutdown"]]);
  exports[0]?.({ code: ExportResultCode.FAILED });
  losses.giveUp();
  expect(lost).toEqual([[2, "shutdown"]]);
});

test("nothing is lost when everything was exported", () => {
  const { losses, lost, exports, end, exportAll } = watched(10);
  end();
  void exportAll();
  exports[0]?.({ code: ExportResultCode.SUCCESS });
  losses.giveUp();
  expect(lost).toEqual([]);
});
