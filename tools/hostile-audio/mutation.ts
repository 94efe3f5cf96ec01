import { u32be, u32le } from "./bytes.ts";

/** A number in [0, 1). */
type Random = () => number;

/** What a damaged disk, a broken program or an attacker does to a file. The name is told when it went wrong. */
const mutations: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer>> = {
  "flipped bits": flipBits,
  "other numbers in the header": editHeader,
  "other numbers anywhere": editAnywhere,
  "a piece lost": dropPiece,
  "a piece twice": repeatPiece,
  "two pieces exchanged": swapPieces,
  "a piece of zeros": fillPiece,
  "a piece of noise": randomisePiece,
  "the end cut off": cutEnd,
  "the beginning cut off": cutBeginning,
};

export const mutationNames: readonly string[] = Object.keys(mutations);

export interface Mutated {
  /** Names of what was done, one to three times. */
  readonly changes: readonly string[];
  readonly bytes: Buffer;
}

/** A damaged copy of a healthy file; the same for the same random numbers. */
export function mutate(healthy: Buffer, random: Random): Mutated {
  const changes: string[] = [];
  let bytes: Buffer = Buffer.from(healthy);
  for (let left = 1 + below(3, random); left > 0; left--) {
    const name = mutationNames[below(mutationNames.length, random)] ?? "";
    bytes = mutations[name]?.(bytes, random) ?? bytes;
    changes.push(name);
  }
  return { changes, bytes };
}

/** Numbers at which arithmetic on sizes goes wrong. */
const edges = [
  0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff,
];
const headerLength = 512;
const mostFlippedBits = 64;
const mostNumbers = 8;

function flipBits(bytes: Buffer, random: Random): Buffer {
  for (let left = 1 + below(mostFlippedBits, random); left > 0; left--) {
    const at = below(bytes.length, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
  }
  return bytes;
}

function editHeader(bytes: Buffer, random: Random): Buffer {
  return editNumbers(bytes, Math.min(headerLength, bytes.length), random);
}

function editAnywhere(bytes: Buffer, random: Random): Buffer {
  return editNumbers(bytes, bytes.length, random);
}

/** Writes 32-bit numbers, in either order of bytes, below an offset. */
function editNumbers(bytes: Buffer, end: number, random: Random): Buffer {
  for (let left = 1 + below(mostNumbers, random); left > 0; left--) {
    const edge = edges[below(edges.length, random)] ?? 0;
    const number = random() < 0.5 ? edge : below(2 ** 32, random);
    const written = random() < 0.5 ? u32le(number) : u32be(number);
    written.copy(bytes, below(end, random));
  }
  return bytes;
}

function dropPiece(bytes: Buffer, random: Random): Buffer {
  const { from, to } = piece(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function repeatPiece(bytes: Buffer, random: Random): Buffer {
  const { from, to } = piece(bytes, random);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
}

function swapPieces(bytes: Buffer, random: Random): Buffer {
  const first = below(bytes.length, random);
  const { from, to } = piece(bytes, random);
  const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  return Buffer.concat([rest.subarray(0, first), bytes.subarray(from, to), rest.subarray(first)]);
}

function fillPiece(bytes: Buffer, random: Random): Buffer {
  const { from, to } = piece(bytes, random);
  return bytes.fill(0, from, to);
}

function randomisePiece(bytes: Buffer, random: Random): Buffer {
  const { from, to } = piece(bytes, random);
  for (let at = from; at < to; at++) {
    bytes[at] = below(256, random);
  }
  return bytes;
}

function cutEnd(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, below(bytes.length, random));
}

function cutBeginning(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(below(Math.min(headerLength, bytes.length), random));
}

/** Up to a quarter of the file. */
function piece(bytes: Buffer, random: Random): { readonly from: number; readonly to: number } {
  const from = below(bytes.length, random);
  return { from, to: Math.min(bytes.length, from + 1 + below(bytes.length / 4, random)) };
}

/** A whole number from 0 on; 0 where there is none below the limit. */
function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}
