import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../../../src/config/load-config.ts";

/** Where the packages lie by which the models are made. */
const places: Readonly<Record<string, string>> = {
  voxtral_shape: "tools/voxtral-shape",
  export_voxtral: "tools/export-voxtral",
  camembert_shape: "tools/camembert-shape",
};

test.each(Object.keys(places))("%s is loaded without PyTorch, transformers and ONNX Runtime", (name) => {
  const modules = loadedWith(`${name}.__main__`);
  expect(modules).toContain("numpy");
  expect(modules).toContain("onnx");
  expect(modules.filter((each) => ["torch", "transformers", "onnxruntime", "mistral_common"].includes(each))).toEqual(
    [],
  );
});

/** The packages that are not ours and that a module imports as it is loaded, itself or by another one of ours. */
function loadedWith(start: string): string[] {
  const others = new Set<string>();
  const seen = new Set<string>();
  const waiting = [start];
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    const [name = "", ...parts] = module.split(".");
    const place = places[name];
    const file = join(projectRoot, place ?? "", name, `${parts.join("/") || "__init__"}.py`);
    if (place === undefined) {
      others.add(name);
    } else if (!seen.has(module) && existsSync(file)) {
      seen.add(module);
      // What is imported within a function is indented.
      for (const [, from, plain] of readFileSync(file, "utf8").matchAll(/^(?:from (\S+) import|import (\S+))/gm)) {
        const asked = from ?? plain ?? "";
        waiting.push(asked.startsWith(".") ? `${name}${asked}` : asked);
      }
    }
  }
  return [...others];
}
