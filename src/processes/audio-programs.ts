import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { containers, decoders, mostStreams } from "./audio-formats.ts";
import { samplingRate } from "./audio-protocol.ts";
import { ffmpegPath, nodeAvPackages } from "./missing-decoder.ts";
import type { SecureProgram } from "./secure-subprocess.ts";

/** The programs that the audio stage may start, and no other. */
export interface AudioPrograms {
  /** Decodes, finds speech, computes features. */
  readonly audio: SecureProgram;
  /** The second decoder, reading standard input, or file descriptor 3. */
  readonly ffmpegOnPipe: SecureProgram;
  readonly ffmpegOnFile: SecureProgram;
  /** They end at once, and well where a sandbox works. */
  readonly probes: readonly SecureProgram[];
}

export interface AudioProgramsOptions {
  /** Folder of the service, absolute. */
  readonly root: string;
  /** Model file of the voice activity detection, absolute. */
  readonly voiceActivityModel: string;
  readonly decoder: "node-av" | "ffmpeg";
  /** Longest audio that is accepted, in seconds. */
  readonly maxSeconds: number;
}

/** As for inference processes: the API comes first. */
const niceness = 5;
/** A tenth of the usual speed still gets through the longest audio. */
const startCpuSeconds = 60;
const soundPerCpuSecond = 20;

const probeOptions = ["--input-type=module", "--eval"] as const;
/** Reads the model, and loads what decodes and what judges, with the native libraries that they need. */
const probeSource = `
  const [model, ...modules] = process.argv.slice(1);
  (await import("node:fs")).readFileSync(model);
  await Promise.all(modules.map((module) => import(module)));
`;
const heapOption = "--max-old-space-size=96";
/** Fewer threads, and none that a process could wait for in vain at its end (nodejs/node#54918). */
const collectorOption = "--single-threaded-gc";
const absolutePath = z.string().startsWith("/");
const nodeLiterals = [z.literal(heapOption), z.literal(collectorOption)] as const;
const probeLiterals = [z.literal(probeOptions[0]), z.literal(probeOptions[1]), z.literal(probeSource)] as const;

export function audioPrograms({ root, voiceActivityModel, decoder, maxSeconds }: AudioProgramsOptions): AudioPrograms {
  const entry = join(root, "src/audio/main.ts");
  const sources = ["package.json", "src/audio", "src/processes/audio-protocol.ts", "src/processes/audio-formats.ts"];
  const packages = [...nodeAvPackages, "onnxruntime-node", "onnxruntime-common"];
  const files = [...sources, ...packages.map((name) => join("node_modules", name))]
    .map((file) => join(root, file))
    .filter((file) => existsSync(file));
  const common = {
    path: process.execPath,
    environment: { ORT_DISABLE_TELEMETRY: "1" },
    files: [...files, voiceActivityModel],
    root,
    niceness,
    limits: {
      // Node reserves 600 MiB of it before it begins.
      dataBytes: 2 ** 30,
      cpuSeconds: startCpuSeconds + Math.ceil(maxSeconds / soundPerCpuSecond),
      openFiles: 64,
    },
  };
  const nodeOptions = [heapOption, collectorOption] as const;
  const decoderModule = decoder === "node-av" ? "src/audio/node-av-decoder.ts" : "src/audio/pcm-decoder.ts";
  const probed = [voiceActivityModel, join(root, decoderModule), join(root, "src/audio/voice-activity.ts")];
  // What FFmpeg itself warns of is set apart by colours, which no text of a file can have (see `FfmpegReport`).
  const ffmpeg = { ...common, path: ffmpegPath, environment: { AV_LOG_FORCE_COLOR: "1" }, files: [] };
  return {
    audio: {
      ...common,
      arguments: (locate) => [...nodeOptions, locate(entry), decoder, locate(voiceActivityModel)],
      argumentSchema: z.tuple([
        ...nodeLiterals,
        absolutePath.endsWith("/src/audio/main.ts"),
        z.enum(["node-av", "ffmpeg"]),
        absolutePath.endsWith(".onnx"),
      ]),
    },
    ffmpegOnPipe: { ...ffmpeg, ...fixedArguments(ffmpegArguments("pipe:0")) },
    // Through the link, because a pipe cannot be sought in; it leads to the file that was inherited and to no other.
    ffmpegOnFile: { ...ffmpeg, ...fixedArguments(ffmpegArguments("file:/proc/self/fd/3")) },
    probes: [
      {
        ...common,
        arguments: (locate) => [...nodeOptions, ...probeOptions, probeSource, ...probed.map(locate)],
        argumentSchema: z.tuple([...nodeLiterals, ...probeLiterals], absolutePath),
      },
      ...(decoder === "ffmpeg" ? [{ ...ffmpeg, ...fixedArguments(["-hide_banner", "-version"]) }] : []),
    ],
  };
}

/**
 * Options before `-i` are about reading: nothing but the listed formats, decoders and ways to the bytes. The samples leave
 * in a format that keeps their times, Matroska. Nothing limits their number here (a limit would go by the file's times):
 * who takes them ends this process.
 */
function ffmpegArguments(input: string): [string, ...string[]] {
  const reading = {
    "-v": "info",
    "-max_alloc": String(2 ** 28),
    "-threads": "1",
    "-protocol_whitelist": input.slice(0, input.indexOf(":")),
    "-format_whitelist": containers.join(","),
    "-codec_whitelist": decoders.join(","),
    "-max_streams": String(mostStreams),
    // The file's own times: FFmpeg would begin with the first track whose start it knows.
    "-seek_timestamp": "1",
    "-i": input,
  };
  const writing = {
    "-map": "0:a:0",
    "-map_metadata": "-1",
    "-map_chapters": "-1",
    "-af": `aresample=${samplingRate}:filter_size=64`,
    "-ac": "1",
    "-c:a": "pcm_f32le",
    "-f": "matroska",
    // Sound is not kept back.
    "-cluster_time_limit": "100",
    "-flush_packets": "1",
  };
  const options = [reading, writing].flatMap((part) => Object.entries(part).flat());
  return ["-nostdin", "-hide_banner", "-nostats", "-benchmark", ...options, "pipe:1"];
}

/** These arguments and no others. */
function fixedArguments(values: readonly [string, ...string[]]): Pick<SecureProgram, "arguments" | "argumentSchema"> {
  const [first, ...rest] = values;
  const argumentSchema = z.tuple([z.literal(first), ...rest.map((value) => z.literal(value))]);
  return { arguments: () => values, argumentSchema };
}
