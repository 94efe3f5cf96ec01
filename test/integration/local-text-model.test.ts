import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { ServiceError } from "../../src/errors.ts";
import type { LocalTextModel } from "../../src/local-text-model.ts";
import { type ClassifyResult, classify } from "../../src/tasks/classify.ts";
import { crashing, hanging } from "../fixtures/plugins/triggers.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { faultPlugin, readyModel, startModel } from "../helpers/local-models.ts";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";

const sentences = ["Bonjour à tous.", "Le train part à huit heures.", "Merci pour ton aide !"];

test("texts go through windows, batches and a real process, and come back as scores in their order", async () => {
  const model = await readyModel();
  const long = `${"Une phrase assez ordinaire. ".repeat(40)}Fin.`;
  const { classifications, model: identity } = await classifyTexts(model, [...sentences, long]);
  expect(identity).toEqual(model.identity);
  expect(classifications.map(({ windows }) => windows > 1)).toEqual([false, false, false, true]);
  for (const { scores, label, spans, flagged } of classifications) {
    expect(scores.map((each) => each.label)).toEqual(model.labels);
    expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 3);
    expect(label).toBe(scores.toSorted((a, b) => b.score - a.score)[0]?.label);
    expect(spans.length > 0).toBe(flagged);
  }
});

test("a text has the same scores alone as among others", async () => {
  const model = await readyModel();
  const together = await classifyTexts(model, sentences);
  for (const [index, sentence] of sentences.entries()) {
    const [alone] = (await classifyTexts(model, [sentence])).classifications;
    expectSameScores(together.classifications[index], alone);
  }
});

test("a poisoned text fails alone; its batch mates get the scores that they always get", async () => {
  const model = await readyModel({ plugins: [faultPlugin("crashes-on-token")], spares: 1 });
  const expected = await classifyTexts(model, sentences);
  const requests = [...sentences, crashing.text].map((text) => classifyTexts(model, [text]));
  const [poisoned, ...mates] = [requests.pop(), ...requests];
  await expect(poisoned).rejects.toMatchObject({
    code: "inference_process_crashed",
    facts: { reason: "crashed", signal: "SIGABRT" },
  });
  for (const [index, mate] of mates.entries()) {
    expectSameScores((await mate)?.classifications[0], expected.classifications[index]);
  }
});

test("a text that hangs in native code costs its own request only, and the stuck processes are gone", async () => {
  const events = strictEventBus();
  const exits = collectEvents(events, "process_exited");
  const settings = { plugins: [faultPlugin("hangs-on-token")], instances: 2 };
  const model = await readyModel(settings, { runLimitFloorMs: 1500, runLimitFactor: 1 }, events);
  const hangs = classifyTexts(model, [hanging.text]);
  const others = sentences.map((text) => classifyTexts(model, [text]));
  await expect(hangs).rejects.toMatchObject({
    code: "inference_process_crashed",
    facts: { reason: "no_progress", signal: "SIGKILL" },
  });
  await Promise.all(others);
  expect(exits.map(({ reason }) => reason)).toEqual(["no_progress", "no_progress"]);
  expect(exits.filter(({ pid }) => isAlive(pid))).toEqual([]);
  expect((await classifyTexts(model, sentences)).classifications).toHaveLength(3);
});

test("a request is answered at its own deadline, long before its stuck process is killed", async () => {
  const events = strictEventBus();
  const output = collectEvents(events, "process_output");
  const model = await readyModel({ plugins: [faultPlugin("hangs-on-token")] }, { runLimitFloorMs: 600_000 }, events);
  const controller = new AbortController();
  const hangs = classifyTexts(model, [hanging.text], controller.signal);
  await waitUntil(() => output.some(({ line }) => line === "hanging"), "the process hangs");
  const reason = new ServiceError("deadline_exceeded", "The deadline passed.");
  controller.abort(reason);
  await expect(hangs).rejects.toBe(reason);
});

test.each(["returns-nan", "wrong-label-count"])(
  "an answer that is no probability is an invalid prediction, and the process stays: %s",
  async (plugin) => {
    const events = strictEventBus();
    const exits = collectEvents(events, "process_exited");
    const model = await readyModel({ plugins: [faultPlugin(plugin)] }, {}, events);
    await expect(classifyTexts(model, sentences)).rejects.toMatchObject({ code: "invalid_prediction" });
    expect(exits).toEqual([]);
  },
);

test("a model that cannot be loaded opens its circuit, says why, and refuses requests with a time to try again", async () => {
  const settings = { plugins: [faultPlugin("fails-to-load")] };
  const processes = { backoffInitialMs: 10, giveUpAfterFailures: 2, giveUpRetryMs: 60_000 };
  const model = await startModel(settings, processes);
  expect(model.refusal(requestContext().client)).toMatchObject({ code: "model_loading" });
  await waitUntil(() => model.state() === "circuit_open", "the circuit is open");
  expect(model.stateDetail()).toBe("the fixture refuses to load");
  const refusal = model.refusal(requestContext().client);
  expect(refusal).toMatchObject({ code: "circuit_open" });
  expect(refusal?.retryAfterMs).toBeGreaterThan(1000);
  await expect(classifyTexts(model, sentences)).rejects.toMatchObject({ code: "circuit_open" });
});

test("a close finishes what was accepted, then ends the processes and refuses the rest", async () => {
  const events = strictEventBus();
  const exits = collectEvents(events, "process_exited");
  const model = await readyModel({}, {}, events);
  const accepted = Array.from({ length: 20 }, async () => {
    const release = model.hold();
    return classifyTexts(model, sentences).finally(release);
  });
  const closed = model.close();
  expect(await Promise.all(accepted)).toHaveLength(20);
  await closed;
  expect(exits.map(({ reason, exitCode }) => [reason, exitCode])).toEqual([["stopped", 0]]);
  expect(model.state()).toBe("stopped");
  await expect(classifyTexts(model, sentences)).rejects.toMatchObject({ code: "draining" });
});

test("the trigger tokens of the fault plugins are in their texts, and in no ordinary one", async () => {
  const model = await startModel();
  const file = new URL("../golden/classify-logits.json", import.meta.url);
  const golden = z
    .object({ texts: z.array(z.object({ text: z.string() })) })
    .parse(JSON.parse(readFileSync(file, "utf8")));
  const ordinary = await tokensOf(model, [...sentences, ...golden.texts.map(({ text }) => text)]);
  for (const { text, tokenId } of [crashing, hanging]) {
    expect(await tokensOf(model, [text])).toContain(tokenId);
    expect(ordinary).not.toContain(tokenId);
  }
});

function classifyTexts(model: LocalTextModel, texts: readonly string[], signal?: AbortSignal): Promise<ClassifyResult> {
  const context = requestContext(signal === undefined ? {} : { signal });
  const result = classify(model, { texts, threshold: 0.5 }, context, strictEventBus());
  // Tests look at a rejection later than it happens.
  result.catch(() => {});
  return result;
}

async function tokensOf(model: LocalTextModel, texts: readonly string[]): Promise<number[]> {
  const tokens = new Set<number>();
  for (const text of texts) {
    for (const { windows } of await model.prepare([text], requestContext())) {
      for (const { inputIds } of windows) {
        inputIds.forEach((id) => tokens.add(id));
      }
    }
  }
  return [...tokens];
}

type Classification = ClassifyResult["classifications"][number];

function expectSameScores(actual: Classification | undefined, expected: Classification | undefined): void {
  expect(expected?.scores).toHaveLength(2);
  for (const [index, { label, score }] of (expected?.scores ?? []).entries()) {
    expect(actual?.scores[index]?.label).toBe(label);
    expect(Math.abs((actual?.scores[index]?.score ?? Number.NaN) - score)).toBeLessThan(0.01);
  }
}
