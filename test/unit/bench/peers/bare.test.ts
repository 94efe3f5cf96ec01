import { expect, test } from "vitest";
import { BareRuntime } from "../../../../bench/peers/bare.ts";

test("a model that cannot be loaded is an error, and nothing is waited for", async () => {
  const setting = { processes: 1, threads: 1 };
  await expect(BareRuntime.start("/nowhere/model.onnx", setting, [])).rejects.toThrow("had loaded /nowhere/model.onnx");
});
