import { isExecutable } from "./is-executable.ts";

export interface Launcher {
  readonly execPath: string;
  readonly execArgv: readonly string[];
}

const candidates = ["/usr/bin/setpriv", "/bin/setpriv"];
let launcher: Launcher | undefined;

/**
 * How to start Node so that the kernel kills it when this process dies, even while it is stuck in native code, where
 * it would never notice that its channel closed. Without util-linux's `setpriv` (not Linux): plain Node.
 */
export function parentDeathSignal(): { readonly execPath: string; readonly execArgv: string[] } {
  launcher ??= findLauncher();
  return { execPath: launcher.execPath, execArgv: [...launcher.execArgv] };
}

/** Whether children die with this process in every case. */
export function hasParentDeathSignal(): boolean {
  return parentDeathSignal().execPath !== process.execPath;
}

function findLauncher(): Launcher {
  const setpriv = candidates.find((path) => isExecutable(path));
  return setpriv === undefined
    ? { execPath: process.execPath, execArgv: [] }
    : { execPath: setpriv, execArgv: ["--pdeathsig", "KILL", "--", process.execPath] };
}
