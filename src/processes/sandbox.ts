import { isExecutable } from "./is-executable.ts";
import { seccompFilter } from "./seccomp-filter.ts";

/**
 * What keeps a subprocess in, from the weakest to the strongest:
 * - `prlimit`: memory, processor time, descriptors, no file may be written, no core dump;
 * - `no_new_privileges`: no privilege is gained by executing a file, and the subprocess dies with this process;
 * - `unprivileged_user`: it is not root, although this process is;
 * - `namespaces`: it sees no network and no other process;
 * - `bubblewrap`: as `namespaces`, and of the file system only what it needs, read only;
 * - `seccomp`: it has only the system calls that it needs.
 */
export type SandboxLayer =
  | "prlimit"
  | "no_new_privileges"
  | "unprivileged_user"
  | "namespaces"
  | "bubblewrap"
  | "seccomp";

/** Layers that hold together; empty where the system has none. */
export type Sandbox = readonly SandboxLayer[];

/** The tools, which come with the system (util-linux, bubblewrap), by absolute path: nothing is looked up. */
export const sandboxTools = {
  prlimit: "/usr/bin/prlimit",
  setpriv: "/usr/bin/setpriv",
  unshare: "/usr/bin/unshare",
  bubblewrap: "/usr/bin/bwrap",
} as const;

/** The sandboxes that this system may offer, strongest first. Whether one works must be tried. */
export function sandboxCandidates(
  isInstalled: (path: string) => boolean = isExecutable,
  isRoot: boolean = process.getuid?.() === 0,
): readonly Sandbox[] {
  const limits: Sandbox = isInstalled(sandboxTools.prlimit) ? ["prlimit"] : [];
  const privileges: Sandbox = isInstalled(sandboxTools.setpriv) ? ["no_new_privileges"] : [];
  const users: readonly Sandbox[] = isRoot && privileges.length > 0 ? [["unprivileged_user"], []] : [[]];
  const filters: readonly Sandbox[] = seccompFilter() === null ? [[]] : [["seccomp"], []];
  const walls: readonly Sandbox[] = [
    ...(isInstalled(sandboxTools.bubblewrap) ? filters.map((filter): Sandbox => ["bubblewrap", ...filter]) : []),
    ...(isInstalled(sandboxTools.unshare) ? [["namespaces"] satisfies Sandbox] : []),
    [],
  ];
  return walls.flatMap((wall) => users.map((user) => [...limits, ...privileges, ...user, ...wall]));
}

/** Whether nothing is missing that the service knows of: what `audio.sandbox: require` asks for. */
export function isComplete(sandbox: Sandbox): boolean {
  return ["prlimit", "no_new_privileges", "bubblewrap", "seccomp"].every((layer) =>
    sandbox.includes(layer as SandboxLayer),
  );
}
