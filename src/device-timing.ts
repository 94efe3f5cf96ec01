/** How fast a device is, in the light of what it could be. */
export interface DeviceTiming {
  /** `slow`: no faster than a CPU. `short`: too little was computed to tell. */
  readonly kind: "plausible" | "slow" | "short";
  /** Of the arithmetic that the hardware profile promises, in operations a second. */
  readonly peakShare: number;
  /** In plain words. */
  readonly detail: string;
}
