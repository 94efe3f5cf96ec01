/**
 * A seccomp filter as the kernel takes it (classic BPF, `seccomp(2)`): a list of what decoding needs, and "operation not
 * permitted" for all else. Sockets, new processes and files opened for writing are not on it. Signals are, because a
 * process ends itself by one: that they reach no other process is the work of the namespaces.
 */

/** Numbers are those of Linux on x86-64 (`asm/unistd_64.h`). */
const allowed: Readonly<Record<string, number>> = {
  read: 0,
  write: 1,
  close: 3,
  stat: 4,
  fstat: 5,
  lstat: 6,
  poll: 7,
  lseek: 8,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  brk: 12,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  rt_sigreturn: 15,
  ioctl: 16,
  pread64: 17,
  pwrite64: 18,
  readv: 19,
  writev: 20,
  access: 21,
  pipe: 22,
  select: 23,
  sched_yield: 24,
  mremap: 25,
  mincore: 27,
  madvise: 28,
  dup: 32,
  dup2: 33,
  nanosleep: 35,
  getitimer: 36,
  setitimer: 38,
  getpid: 39,
  execve: 59,
  exit: 60,
  wait4: 61,
  kill: 62,
  uname: 63,
  fcntl: 72,
  getcwd: 79,
  // Node asks for the folder of its code cache, which is there, and gives the cache up unless it is told so.
  mkdir: 83,
  readlink: 89,
  gettimeofday: 96,
  getrlimit: 97,
  getrusage: 98,
  sysinfo: 99,
  times: 100,
  getuid: 102,
  getgid: 104,
  geteuid: 107,
  getegid: 108,
  getppid: 110,
  capget: 125,
  sigaltstack: 131,
  statfs: 137,
  fstatfs: 138,
  getpriority: 140,
  sched_getparam: 143,
  sched_getscheduler: 145,
  prctl: 157,
  arch_prctl: 158,
  gettid: 186,
  futex: 202,
  sched_setaffinity: 203,
  sched_getaffinity: 204,
  epoll_create: 213,
  getdents64: 217,
  set_tid_address: 218,
  restart_syscall: 219,
  fadvise64: 221,
  clock_gettime: 228,
  clock_getres: 229,
  clock_nanosleep: 230,
  exit_group: 231,
  epoll_wait: 232,
  epoll_ctl: 233,
  tgkill: 234,
  newfstatat: 262,
  readlinkat: 267,
  ppoll: 270,
  set_robust_list: 273,
  get_robust_list: 274,
  epoll_pwait: 281,
  eventfd2: 290,
  epoll_create1: 291,
  dup3: 292,
  pipe2: 293,
  preadv: 295,
  prlimit64: 302,
  getcpu: 309,
  getrandom: 318,
  membarrier: 324,
  statx: 332,
  rseq: 334,
  faccessat2: 439,
  futex_waitv: 449,
};
const open = 2;
const openat = 257;
const clone = 56;
const clone3 = 435;

/** `linux/audit.h`: 64 bits, little endian, machine 62. */
const auditArchitectureX64 = 0xc000003e;
/** System calls of the x32 interface carry this bit. */
const x32Bit = 0x40000000;

/** `linux/sched.h`: the new task is a thread of the same process. */
const cloneThread = 0x00010000;
/** `fcntl.h`: access mode other than reading, and creation. */
const writingFlags = 0o3 | 0o100;

/** `linux/seccomp.h`. */
const killProcess = 0x80000000;
const allow = 0x7fff0000;
const errorNumber = 0x00050000;
const operationNotPermitted = errorNumber | 1;
const functionNotImplemented = errorNumber | 38;

/** Where `struct seccomp_data` holds them; of the arguments, the lower half. */
const numberAt = 0;
const architectureAt = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

/** `linux/bpf_common.h`. */
const load = 0x20;
const jumpIfEqual = 0x15;
const jumpIfGreaterOrEqual = 0x35;
const jumpIfAnyBit = 0x45;
const giveBack = 0x06;

/** The program, in the byte order of x86-64; null on other processors, whose system calls have other numbers. */
export function seccompFilter(architecture: string = process.arch): Uint8Array | null {
  if (architecture !== "x64") {
    return null;
  }
  return encode([
    [load, 0, 0, architectureAt],
    [jumpIfEqual, 1, 0, auditArchitectureX64],
    [giveBack, 0, 0, killProcess],
    [load, 0, 0, numberAt],
    [jumpIfGreaterOrEqual, 0, 1, x32Bit],
    [giveBack, 0, 0, killProcess],
    // Its arguments lie in memory, out of a filter's sight. The C library falls back to `clone`.
    ...answer(clone3, functionNotImplemented),
    ...allowIf(clone, 0, cloneThread, true),
    ...allowIf(open, 1, writingFlags, false),
    ...allowIf(openat, 2, writingFlags, false),
    ...Object.values(allowed).flatMap((number) => answer(number, allow)),
    [giveBack, 0, 0, operationNotPermitted],
  ]);
}

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

function answer(number: number, result: number): Instruction[] {
  return [
    [jumpIfEqual, 0, 1, number],
    [giveBack, 0, 0, result],
  ];
}

/** Allows a call by one of its arguments: when some bit of `bits` is set in it, or when none is. */
function allowIf(number: number, argument: number, bits: number, whenSet: boolean): Instruction[] {
  return [
    [jumpIfEqual, 0, 4, number],
    [load, 0, 0, argumentAt(argument)],
    [jumpIfAnyBit, whenSet ? 0 : 1, whenSet ? 1 : 0, bits],
    [giveBack, 0, 0, allow],
    [giveBack, 0, 0, operationNotPermitted],
  ];
}

/** `struct sock_filter`: a code of 16 bits, two jump lengths of 8, an operand of 32. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const program = Buffer.alloc(8 * instructions.length);
  for (const [at, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    program.writeUInt16LE(code, 8 * at);
    program.writeUInt8(ifTrue, 8 * at + 2);
    program.writeUInt8(ifFalse, 8 * at + 3);
    program.writeUInt32LE(operand >>> 0, 8 * at + 4);
  }
  return program;
}
