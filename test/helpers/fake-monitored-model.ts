import type { DeviceTiming } from "../../src/device-timing.ts";
import type { MonitoredModel } from "../../src/health/monitored-model.ts";
import type { ModelFolder } from "../../src/model-store/model-folder.ts";
import { FakeServedModel } from "./fake-served-model.ts";
import { validManifest } from "./model-folder.ts";

/** A text model as the health watch sees it; tests set what it says of itself. */
export class FakeMonitoredModel extends FakeServedModel {
  folder: ModelFolder = { path: "/nowhere", manifest: validManifest(), digest: "sha256:00" };
  currentStateDetail = "";
  currentDeviceDetail = "";
  devicesSetAside: readonly string[] = [];
  deviceTiming: DeviceTiming | null = null;
  readonly pids: number[] = [];
  stalledFor = 0;
  movedAt = 0;
  cpuAnswers = 0;
  patienceMs = 0;
  longestStepMs = 0;
  readonly cudaRuntime = null;
  waits = false;

  /** The fake where a model is asked for. */
  get asModel(): MonitoredModel {
    return this;
  }

  stateDetail(): string {
    return this.currentStateDetail;
  }

  deviceDetail(): string {
    return this.currentDeviceDetail;
  }

  stalledMs(): number {
    return this.stalledFor;
  }

  isWaiting(): boolean {
    return this.waits;
  }
}
