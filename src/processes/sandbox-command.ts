import { existsSync, lstatSync } from "node:fs";
import { relative } from "node:path";
import { type Sandbox, sandboxTools } from "./sandbox.ts";

/** What a program may use. It can write no file but in a folder that is named for it, and leaves no core dump. */
export interface ResourceLimits {
  /** Bytes of writable memory. */
  readonly dataBytes: number;
  readonly cpuSeconds: number;
  readonly openFiles: number;
}

export interface ConfinedCommand {
  /** Absolute path of the executable. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** Absolute paths that it may read, beside the system's libraries, where the file system is walled off. */
  readonly files: readonly string[];
  /** Absolute path of a folder outside of the service's in which it may write files of up to 64 MiB. */
  readonly writableFolder?: string | undefined;
  /** Folder of the service, whose files appear elsewhere behind the wall. */
  readonly root: string;
  readonly limits: ResourceLimits;
}

export interface CommandLine {
  readonly path: string;
  readonly arguments: readonly string[];
}

/** Nobody: the user without rights, on every Linux. */
const nobody = "65534";
/** Where the service's files are seen behind the wall: its own path tells nothing there. */
const rootBehindWall = "/app";
/** Of a writable folder. */
const largestFileBytes = 67_108_864;
const systemFolders = ["/lib", "/lib32", "/lib64", "/libx32", "/bin"];

/** Where a file is for a program in the sandbox. */
export function pathInside(sandbox: Sandbox, root: string, file: string): string {
  const path = relative(root, file);
  return sandbox.includes("bubblewrap") && !path.startsWith("..") ? `${rootBehindWall}/${path}` : file;
}

/** The command line that runs a command in a sandbox. The paths in its arguments are those inside already. */
export function confine(sandbox: Sandbox, command: ConfinedCommand, seccompDescriptor: number): CommandLine {
  const inside = [pathInside(sandbox, command.root, command.path), ...command.arguments];
  const [path = "", ...rest] = [
    ...(sandbox.includes("prlimit") ? limitArguments(command) : []),
    ...(sandbox.includes("no_new_privileges") ? privilegeArguments(sandbox.includes("unprivileged_user")) : []),
    ...(sandbox.includes("namespaces") ? namespaceArguments() : []),
    ...(sandbox.includes("bubblewrap") ? wallArguments(sandbox, command, seccompDescriptor) : []),
    ...inside,
  ];
  return { path, arguments: rest };
}

function limitArguments({ limits: { dataBytes, cpuSeconds, openFiles }, writableFolder }: ConfinedCommand): string[] {
  const fileBytes = writableFolder === undefined ? 0 : largestFileBytes;
  const files = [`--nofile=${openFiles}`, `--fsize=${fileBytes}`, "--core=0"];
  const limits = [`--data=${dataBytes}`, `--cpu=${cpuSeconds}`, ...files];
  return [sandboxTools.prlimit, ...limits, "--"];
}

function privilegeArguments(dropsUser: boolean): string[] {
  const user = dropsUser ? [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--inh-caps=-all"] : [];
  return [sandboxTools.setpriv, ...user, "--no-new-privs", "--pdeathsig=KILL", "--"];
}

function namespaceArguments(): string[] {
  const namespaces = ["--user", "--map-root-user", "--net", "--ipc", "--uts", "--pid", "--fork", "--mount-proc"];
  return [sandboxTools.unshare, ...namespaces, "--kill-child", "--"];
}

function wallArguments(sandbox: Sandbox, command: ConfinedCommand, seccompDescriptor: number): string[] {
  const isolation = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL"];
  const system = ["/etc/ld.so.cache", "/etc/alternatives"].flatMap((file) => ["--ro-bind-try", file, file]);
  const devices = ["--proc", "/proc", "--dev", "/dev"];
  const files = [command.path, ...command.files]
    .filter((file) => !file.startsWith("/usr/"))
    .flatMap((file) => ["--ro-bind", file, pathInside(sandbox, command.root, file)]);
  const { writableFolder } = command;
  const writable = writableFolder === undefined ? [] : ["--bind", writableFolder, writableFolder];
  const filter = sandbox.includes("seccomp") ? ["--seccomp", String(seccompDescriptor)] : [];
  return [
    sandboxTools.bubblewrap,
    ...isolation,
    "--ro-bind",
    "/usr",
    "/usr",
    ...system,
    ...systemFolders.flatMap(systemFolderArguments),
    ...devices,
    ...files,
    ...writable,
    // Last: nothing can be mounted behind it.
    "--remount-ro",
    "/",
    "--chdir",
    "/",
    ...filter,
    "--",
  ];
}

/** On most systems these are links into /usr. */
function systemFolderArguments(folder: string): string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return lstatSync(folder).isSymbolicLink() ? ["--symlink", `usr${folder}`, folder] : ["--ro-bind", folder, folder];
}
