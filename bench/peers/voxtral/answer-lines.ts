import { createInterface } from "node:readline";

/** A process as `LineProcess` wants it: says that it is ready, then answers each line of its input. */
export async function answerLines(answer: (request: unknown) => Promise<unknown>): Promise<void> {
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}
