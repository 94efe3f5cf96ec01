/**
 * Sends every hostile file, or those whose name matches, to the service with its defaults, and prints what it answered.
 * Settings come from the environment, as the service takes them: `SERVICE__AUDIO__DECODER=ffmpeg`.
 *
 *     npx node tools/hostile-audio/send.ts [PATTERN]
 *
 * Exits with 1 when an answer is none of those that are right.
 */
import process from "node:process";
import { inParallel } from "../../bench/peers/in-parallel.ts";
import { Service } from "../../bench/service.ts";
import { figure, formatTable } from "../../bench/table.ts";
import { askService, describeAnswer, isAsExpected } from "./answer.ts";
import { corpus } from "./corpus.ts";
import { describe, type HostileFile } from "./hostile-file.ts";

const uploadsAtOnce = 4;
const [pattern = ""] = process.argv.slice(2);
const chosen = corpus.filter(({ name }) => new RegExp(pattern).test(name));

await using service = await Service.start();
const answers = await inParallel(chosen, uploadsAtOnce, send);
const rows = answers.map(({ name, outcome, ms, isRight, expected }) => [
  name,
  figure(ms),
  outcome,
  isRight ? "" : `WRONG, not ${expected}`,
]);
console.log(formatTable({ title: `${rows.length} files`, columns: ["file", "ms", "answer", ""], rows }));
process.exitCode = answers.every(({ isRight }) => isRight) ? 0 : 1;

async function send({ name, content, expected }: HostileFile) {
  const startedAt = performance.now();
  const answer = await askService(service.port, content());
  return {
    name,
    outcome: describeAnswer(answer),
    ms: performance.now() - startedAt,
    isRight: expected.some((each) => isAsExpected(answer, each)),
    expected: expected.map(describe).join(" or "),
  };
}
