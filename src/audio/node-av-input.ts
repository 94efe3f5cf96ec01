import { AVSEEK_SIZE } from "node-av/constants";
import { Dictionary, FormatContext, IOContext } from "node-av/lib";
import { containers, decoders, mostStreams } from "../processes/audio-formats.ts";
import { DecodeError } from "./decoder.ts";
import type { UploadFile } from "./upload-file.ts";

const readBytes = 65_536;
/** EINVAL, as FFmpeg writes it. */
const invalidArgument = -22n;

/**
 * Opens the upload as a container. FFmpeg gets its bytes by callback and no protocol at all, so that no file can make it
 * open another. Files are read from front to back, whether they are complete or not: one that was sent slowly decodes
 * like one that was there at once. Only what cannot be read so is sought in.
 * @throws DecodeError
 */
export function openNodeAvInput(file: UploadFile, needsWholeFile: boolean): FormatContext {
  const format = new FormatContext();
  format.allocContext();
  format.pb = openIo(file, needsWholeFile ? file.size : null);
  const options = Dictionary.fromObject({
    format_whitelist: containers.join(","),
    codec_whitelist: decoders.join(","),
    max_streams: String(mostStreams),
  });
  if (format.openInputSync("", null, options) < 0 || format.findStreamInfoSync() < 0) {
    throw new DecodeError("not_audio");
  }
  return format;
}

function openIo(file: UploadFile, size: number | null): IOContext {
  const slot = Buffer.allocUnsafe(readBytes);
  let position = 0;
  const read = (bytes: number): Buffer | null => {
    const length = file.read(slot.subarray(0, Math.min(bytes, readBytes)), position);
    position += length;
    return length === 0 ? null : slot.subarray(0, length);
  };
  const seekIn = (fileSize: number) => (offset: bigint, whence: number) => {
    if (whence === AVSEEK_SIZE) {
      return BigInt(fileSize);
    }
    // From the start, from here, from the end; FFmpeg adds a flag that says "whatever it costs".
    const origin = [0, position, fileSize][whence & 3] ?? 0;
    const target = origin + Number(offset);
    if (target < 0 || target > fileSize) {
      return invalidArgument;
    }
    position = target;
    return BigInt(target);
  };
  const io = new IOContext();
  io.allocContextWithCallbacks(readBytes, 0, read, null, size === null ? null : seekIn(size));
  return io;
}
