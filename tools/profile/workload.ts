import { readFileSync } from "node:fs";
import { classifyRequest } from "../../bench/load/classify-request.ts";
import { readTexts } from "../../bench/project.ts";
import { readClips, repeated } from "../../bench/speech/clips.ts";
import { wavBytes } from "../../bench/speech/wav-file.ts";

export type Task = "classify" | "transcribe";

/** How many committed texts follow one another in one request: most short, some of a few windows. */
const textsPerRequest = [1, 1, 4, 1, 1, 16, 1, 1, 4, 1];
/** Different requests; after the last the first comes again. */
const classifyRequests = 500;

/** Length of the speech that is sent unless a file is given, in seconds: one window that is nearly full. */
const speechSeconds = 20;

/** What is sent, the same every time: ready to be written to a connection. */
export function workload(task: Task, port: number, audioFile: string | null): Buffer[] {
  return task === "classify" ? classifyWorkload(port) : [transcribeRequest(port, audioFile)];
}

function classifyWorkload(port: number): Buffer[] {
  const texts = readTexts();
  let at = 0;
  return Array.from({ length: classifyRequests }, (_, index) => {
    const count = textsPerRequest[index % textsPerRequest.length] ?? 1;
    const parts = Array.from({ length: count }, () => texts[at++ % texts.length]);
    return classifyRequest(port, [parts.join(" ")]);
  });
}

function transcribeRequest(port: number, audioFile: string | null): Buffer {
  const file =
    audioFile === null ? wavBytes(repeated(readClips(null), speechSeconds).samples) : readFileSync(audioFile);
  const head =
    `POST /v1/transcribe HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/octet-stream\r\n` +
    `content-length: ${file.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), file]);
}
