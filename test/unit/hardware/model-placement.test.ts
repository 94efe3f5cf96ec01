import fc from "fast-check";
import { expect, test } from "vitest";
import { ModelPlacement, type Seat } from "../../../src/hardware/model-placement.ts";
import { twoH200 } from "../../helpers/gpu-devices.ts";

const onnxRuntime = { packageName: "onnxruntime-node", version: "1.30.0" } as const;
const onGpu = { provider: "cuda", devices: twoH200, onnxRuntime, mayFallBack: true } as const;

test("processes are shared out evenly, whichever of them end", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (steps) => {
      const placement = new ModelPlacement(onGpu);
      const seats: Seat[] = [];
      for (const step of steps) {
        const leaving = seats[step];
        if (leaving === undefined) {
          const counts = twoH200.map(({ uuid }) => seats.filter(({ device }) => device === uuid).length);
          const seat = placement.take();
          const chosen = twoH200.findIndex(({ uuid }) => uuid === seat.device);
          expect(counts[chosen]).toBe(Math.min(...counts));
          seats.push(seat);
        } else {
          placement.left(leaving);
          seats.splice(step, 1);
        }
      }
    }),
  );
});

test("a model whose first process cannot be started on the GPU goes to the CPU, which is told once", () => {
  const placement = new ModelPlacement(onGpu);
  const [first, second] = [placement.take(), placement.take()];
  expect(placement.failed(first)).toBe(true);
  expect(placement.failed(second)).toBe(false);
  expect(placement.take()).toEqual({ provider: "cpu", device: null });
});

test("a model that was computed on the GPU stays there", () => {
  const placement = new ModelPlacement(onGpu);
  placement.proved(placement.take());
  expect(placement.failed(placement.take())).toBe(false);
  expect(placement.take().provider).toBe("cuda");
});

test("a model that must not fall back does not", () => {
  const placement = new ModelPlacement({ ...onGpu, mayFallBack: false });
  expect(placement.failed(placement.take())).toBe(false);
  expect(placement.take().provider).toBe("cuda");
});

test("a model of the CPU stays there, and its failures are none of the GPU", () => {
  const placement = new ModelPlacement({ provider: "cpu", fallback: null });
  expect(placement.failed(placement.take())).toBe(false);
});
