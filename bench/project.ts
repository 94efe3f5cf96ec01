import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json. */
export const projectRoot = fileURLToPath(new URL("..", import.meta.url));

/** The model that the default configuration serves, and that every peer runs. */
export const modelName = "camembert-toxicity-fr";
export const modelFolder = join(projectRoot, "models", modelName);
/** The same int8 file for all. */
export const quantizedOnnxFile = join(modelFolder, "onnx/model_quantized.onnx");

/** 2,000 real French texts of 20 to 160 characters; `data/SOURCES.md` says where they come from. */
export function readTexts(): string[] {
  return readFileSync(new URL("./data/texts-fr.txt", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
}
