import { writeFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** Lets a child run after this process, and the kernel's out-of-memory killer take the child first. */
export function yieldToParent(pid: number, niceness: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + niceness));
    // 0 is what processes start with, 1000 the most likely victim.
    writeFileSync(`/proc/${pid}/oom_score_adj`, "500");
  } catch {
    // The child may be gone already (its exit is reported), or the system has no such knob: both are harmless.
  }
}
