import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { roomForClips, transcribeClips } from "../../../../bench/gpu/speech-load.ts";
import { UploadRoom } from "../../../../src/admission/upload-room.ts";
import { loadConfig } from "../../../../src/config/load-config.ts";

test("the service has room for all clips that are sent at a time from one address", () => {
  for (const parallel of [1, 2, 32]) {
    const { config } = loadConfig(roomForClips(parallel));
    const room = new UploadRoom(() => config.audio);
    const uploads = Array.from({ length: parallel }, () => room.enter("127.0.0.1"));
    expect(uploads).toHaveLength(parallel);
  }
});

test("clips that are answered after the end of the load take their time, too", async () => {
  const server = createServer((request, response) => {
    void sleep(200).then(() => request.resume().on("end", () => response.end("{}")));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const clip = { name: "clip", samples: new Int16Array(16), seconds: 0.001, text: "" };
  let begun = 0;
  const { answers, seconds } = await transcribeClips(port, [clip], 2, () => begun++ < 2);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(seconds).toBeGreaterThan(0.19);
});
