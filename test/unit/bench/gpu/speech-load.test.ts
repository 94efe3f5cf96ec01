import { expect, test } from "vitest";
import { roomForClips } from "../../../../bench/gpu/speech-load.ts";
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
