import { expect, test } from "vitest";
import { placementOn } from "../../../../bench/gpu/gpu-service.ts";
import { loadConfig } from "../../../../src/config/load-config.ts";

test("the service that is measured on a GPU computes nothing elsewhere", () => {
  expect(loadConfig(placementOn({ provider: "cuda" })).config.hardware.requireGpu).toBe(true);
  expect(loadConfig(placementOn({ provider: "cpu" })).config.hardware.requireGpu).toBe(false);
});
