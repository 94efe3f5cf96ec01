import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildProgram, freePort } from "../child-program.ts";
import { modelFolder, quantizedOnnxFile } from "../project.ts";

const serverFile = fileURLToPath(new URL("./pipeline-server.ts", import.meta.url));
const modelName = "model";

/** transformers.js's pipeline behind Fastify, with the given ONNX file beside our model's configuration. */
export class PipelinePeer implements AsyncDisposable {
  readonly port: number;
  readonly #program: ChildProgram;
  readonly #models: string;

  static quantized(): Promise<PipelinePeer> {
    return PipelinePeer.#start("q8", "model_quantized.onnx", quantizedOnnxFile);
  }

  /** @param path The fp32 ONNX file, or the model folder that holds it as `onnx/model.onnx`. */
  static fp32(path: string): Promise<PipelinePeer> {
    const file = resolve(statSync(path).isDirectory() ? join(path, "onnx/model.onnx") : path);
    return PipelinePeer.#start("fp32", "model.onnx", file);
  }

  static async #start(dtype: "q8" | "fp32", onnxName: string, onnxFile: string): Promise<PipelinePeer> {
    const models = mkdtempSync(join(tmpdir(), "bench-"));
    mkdirSync(join(models, modelName, "onnx"), { recursive: true });
    for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
      symlinkSync(join(modelFolder, name), join(models, modelName, name));
    }
    symlinkSync(onnxFile, join(models, modelName, "onnx", onnxName));
    const port = await freePort();
    const program = await ChildProgram.start({
      command: [process.execPath, serverFile, models, modelName, dtype, String(port)],
      environment: { ORT_DISABLE_TELEMETRY: "1" },
      readyPath: "/",
      readyStatus: null,
      port,
    });
    return new PipelinePeer(program, models);
  }

  private constructor(program: ChildProgram, models: string) {
    this.#program = program;
    this.#models = models;
    this.port = program.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    rmSync(this.#models, { recursive: true });
  }
}
