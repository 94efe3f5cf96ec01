import { expect, test } from "vitest";
import { seccompFilter } from "../../../src/processes/seccomp-filter.ts";

// The program is run here as the kernel would run it, on the facts of a system call.

const allow = 0x7fff0000;
const notPermitted = 0x00050001;
const notImplemented = 0x00050026;
const killProcess = 0x80000000;
const x64 = 0xc000003e;

test.each([
  ["read", 0],
  ["mmap", 9],
  ["pread64", 17],
  ["futex", 202],
  ["exit_group", 231],
  ["getrandom", 318],
])("what decoding needs is allowed: %s", (_, number) => {
  expect(run({ number })).toBe(allow);
});

test.each([
  ["socket", 41],
  ["connect", 42],
  ["socketpair", 53],
  ["fork", 57],
  ["vfork", 58],
  ["rename", 82],
  ["rmdir", 84],
  ["unlink", 87],
  ["ptrace", 101],
  ["setuid", 105],
  ["mount", 165],
  ["unshare", 272],
  ["bpf", 321],
  ["io_uring_setup", 425],
  ["openat2", 437],
  ["a call that is not invented yet", 9999],
])("what it does not need is not permitted: %s", (_, number) => {
  expect(run({ number })).toBe(notPermitted);
});

test.each([
  ["a thread is allowed", 0x003d0f00, allow],
  ["a process is not", 0x01200011, notPermitted],
  ["a new namespace is not", 0x10000011, notPermitted],
])("by clone, %s", (_, flags, expected) => {
  expect(run({ number: 56, args: [flags] })).toBe(expected);
});

test("clone3, whose flags a filter cannot see, does not exist", () => {
  expect(run({ number: 435 })).toBe(notImplemented);
});

test.each([
  ["reading", 0o2000000, allow],
  ["writing", 0o1, notPermitted],
  ["both", 0o2, notPermitted],
  ["creation", 0o100, notPermitted],
  ["emptying", 0o1001, notPermitted],
])("a file may be opened for reading alone: %s", (_, flags, expected) => {
  expect(run({ number: 2, args: [0, flags] })).toBe(expected);
  expect(run({ number: 257, args: [0, 0, flags] })).toBe(expected);
});

test("calls of other architectures and interfaces end the process", () => {
  expect(run({ number: 0, architecture: 0x40000003 })).toBe(killProcess);
  expect(run({ number: 0x40000000 })).toBe(killProcess);
});

test("for a processor whose calls have other numbers there is no filter", () => {
  expect(seccompFilter("arm64")).toBeNull();
});

interface SystemCall {
  readonly number: number;
  readonly architecture?: number;
  /** The lower 32 bits of the arguments. */
  readonly args?: readonly number[];
}

function run({ number, architecture = x64, args = [] }: SystemCall): number {
  const program = Buffer.from(seccompFilter("x64") ?? []);
  const data = new Map([[0, number], [4, architecture], ...args.map((value, at) => [16 + 8 * at, value] as const)]);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(8 * at);
    const operand = program.readUInt32LE(8 * at + 4);
    const jump = (isTrue: boolean): number => program.readUInt8(8 * at + (isTrue ? 2 : 3));
    switch (code) {
      case 0x20:
        accumulator = data.get(operand) ?? 0;
        break;
      case 0x15:
        at += jump(accumulator === operand);
        break;
      case 0x35:
        at += jump(accumulator >= operand);
        break;
      case 0x45:
        at += jump((accumulator & operand) !== 0);
        break;
      case 0x06:
        return operand;
      default:
        throw new Error(`instruction ${at} has the code ${code}`);
    }
  }
}
