import { type AudioMessage, type AudioStart, audioDescriptors, controlSigns } from "../processes/audio-protocol.ts";
import { readBlocking, writeBlocking } from "./blocking-io.ts";

const standardOutput = 1;
const progressIntervalMs = 1000;

/** This process's conversation with the API process. All of it blocks: there is nothing else to do meanwhile. */
export class ParentChannel {
  #lastSent = 0;
  #decodedMs = 0;
  #hasDecoderEnded = false;
  readonly #buffer = new Uint8Array(4096);

  /** Waits for the start message; null when the parent wants this process to leave. */
  receiveStart(): AudioStart | null {
    let text = "";
    while (!text.includes("\n")) {
      const length = readBlocking(audioDescriptors.control, this.#buffer);
      if (length === 0) {
        return null;
      }
      text += Buffer.from(this.#buffer.subarray(0, length)).toString("latin1");
    }
    // Behind the line there may be signs already. Of growth: whoever waits for that looks at the file first.
    this.#notice(text.slice(text.indexOf("\n")));
    return JSON.parse(text.slice(0, text.indexOf("\n"))) as AudioStart;
  }

  /** Waits for a sign, such as that the upload has grown or is complete. */
  waitForSign(): void {
    const length = readBlocking(audioDescriptors.control, this.#buffer);
    if (length === 0) {
      throw new Error("the control channel was closed before the upload was complete");
    }
    this.#notice(Buffer.from(this.#buffer.subarray(0, length)).toString("latin1"));
  }

  /** Waits until it is known that the process that decodes has ended by itself. */
  waitForDecoderEnd(): void {
    while (!this.#hasDecoderEnded) {
      this.waitForSign();
    }
  }

  /** Blocks while the parent does not read: that is the back-pressure. */
  send(message: AudioMessage, binary?: Float32Array): void {
    const json = Buffer.from(JSON.stringify(message));
    const header = Buffer.alloc(8);
    header.writeUInt32LE(json.length, 0);
    header.writeUInt32LE(binary?.byteLength ?? 0, 4);
    writeBlocking(standardOutput, Buffer.concat([header, json]));
    if (binary !== undefined) {
      writeBlocking(standardOutput, new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength));
    }
    this.#lastSent = performance.now();
  }

  /** Says that work goes on, and how much audio was decoded (by default as much as before), once a second at most. */
  reportProgress(decodedMs = this.#decodedMs): void {
    this.#decodedMs = decodedMs;
    if (performance.now() - this.#lastSent > progressIntervalMs) {
      this.send({ type: "progress", decodedMs });
    }
  }

  #notice(signs: string): void {
    this.#hasDecoderEnded ||= signs.includes(controlSigns.decoderEnd);
  }
}
