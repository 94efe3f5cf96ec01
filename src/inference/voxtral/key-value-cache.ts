import { floatTensor, int64Tensor, rawTensor, rawValues, type Session, type Tensor, type Tensors } from "../session.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** Names of one tensor of keys or values: as a run of the decoder reads it, and as an earlier run wrote it. */
interface CacheName {
  readonly past: string;
  readonly present: string;
}

/** Where the empty places of a row are whose sequence is shorter than that of another row. */
export type PaddingSide = "left" | "right";

/** What the decoder remembers of the sequences that it decodes side by side, one in each row. */
export interface KeyValueCache {
  /** [rows, keyValueHeads, columns, headWidth] each, by the names under which the decoder reads them. */
  readonly tensors: Tensors;
  /** Places in each row; a sequence need not fill them. */
  readonly columns: number;
  /** Tokens of each sequence. */
  readonly lengths: readonly number[];
  readonly padding: PaddingSide;
}

/** Names of the keys and values of every layer. */
export function cacheNames({ layers }: Pick<VoxtralConfig, "layers">): CacheName[] {
  return Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
    ["key", "value"].map((kind) => ({ past: `past_key_values.${layer}.${kind}`, present: `present.${layer}.${kind}` })),
  );
}

/** Of so many sequences that have no tokens yet. */
export function emptyCache(decoder: Session, config: VoxtralConfig, rows: number): KeyValueCache {
  const shape = [rows, config.keyValueHeads, 0, config.headWidth];
  const entries = cacheNames(config).map(
    ({ past }) => [past, floatTensor(decoder.floatTypeOf(past), new Float32Array(), shape)] as const,
  );
  return { tensors: Object.fromEntries(entries), columns: 0, lengths: Array<number>(rows).fill(0), padding: "left" };
}

/** The cache after a run that was fed `tokens` more in each row. The tensors themselves, nothing is copied. */
export function grownCache(
  { columns, lengths, padding }: KeyValueCache,
  outputs: Tensors,
  tokens: number,
  config: VoxtralConfig,
): KeyValueCache {
  return {
    // Its session was asked for them: without one of them the run had failed.
    tensors: Object.fromEntries(cacheNames(config).map(({ past, present }) => [past, outputs[present]!])),
    columns: columns + tokens,
    lengths: lengths.map((length) => length + tokens),
    padding,
  };
}

/**
 * Rows of several caches of one row each as one. The shorter ones get empty places.
 * @throws Error when there is none.
 */
export function joinCaches(caches: readonly KeyValueCache[], padding: PaddingSide): KeyValueCache {
  const [first, ...others] = caches;
  if (first === undefined) {
    throw new Error("there are no caches to join");
  }
  if (others.length === 0) {
    return first;
  }
  const columns = Math.max(...caches.map((cache) => cache.columns));
  const names = Object.keys(first.tensors);
  return {
    tensors: Object.fromEntries(
      names.map((name) => [
        name,
        joinTensors(
          caches.map(({ tensors }) => tensors[name]!),
          columns,
          padding,
        ),
      ]),
    ),
    columns,
    lengths: caches.flatMap(({ lengths }) => lengths),
    padding,
  };
}

/** The cache with these of its rows only, in ascending order. */
export function keepRows(cache: KeyValueCache, rows: readonly number[]): KeyValueCache {
  return {
    ...cache,
    tensors: Object.fromEntries(Object.entries(cache.tensors).map(([name, tensor]) => [name, takeRows(tensor, rows)])),
    lengths: rows.map((row) => cache.lengths[row]!),
  };
}

/**
 * Checks what a decoder says of its caches, and of the mask and the positions that it reads with them.
 * @throws Error that names the file and what differs.
 */
export function checkCaches(decoder: Session, config: VoxtralConfig): void {
  decoder.check("attention_mask", "int64", [null, null]);
  decoder.check("position_ids", "int64", [null, null]);
  const shape = [null, config.keyValueHeads, null, config.headWidth];
  for (const { past, present } of cacheNames(config)) {
    decoder.check(past, "float", shape);
    decoder.check(present, decoder.floatTypeOf(past), shape);
  }
}

/** The inputs of a run that is fed `tokens` more in each row, but for the tokens themselves. */
export function cacheInputs(cache: KeyValueCache, tokens: number): Tensors {
  const rows = cache.lengths.length;
  return {
    ...cache.tensors,
    attention_mask: int64Tensor(attentionMask(cache, tokens), [rows, cache.columns + tokens]),
    position_ids: int64Tensor(positionIds(cache, tokens), [rows, tokens]),
  };
}

/** int64 [rows, columns + tokens]: 1 where a place holds a token, 0 where it is empty. */
export function attentionMask(
  { columns, lengths, padding }: Pick<KeyValueCache, "columns" | "lengths" | "padding">,
  tokens: number,
): BigInt64Array {
  const width = columns + tokens;
  const mask = new BigInt64Array(lengths.length * width).fill(1n);
  lengths.forEach((length, row) => {
    const empty = columns - length;
    const start = (row + (padding === "left" ? 0 : 1)) * width - (padding === "left" ? 0 : empty);
    mask.fill(0n, start, start + empty);
  });
  return mask;
}

/** int64 [rows, tokens]: where in its own sequence each new token stands. */
export function positionIds({ lengths }: KeyValueCache, tokens: number): BigInt64Array {
  return BigInt64Array.from(
    lengths.flatMap((length) => Array.from({ length: tokens }, (_, token) => length + token)),
    BigInt,
  );
}

function joinTensors(tensors: readonly Tensor[], columns: number, padding: PaddingSide): Tensor {
  const [, heads = 0, , width = 0] = tensors[0]!.dims;
  const rows = tensors.reduce((total, { dims: [count = 0] }) => total + count, 0);
  const values = emptyLike(rawValues(tensors[0]!), rows * heads * columns * width);
  let start = 0;
  for (const tensor of tensors) {
    const source = rawValues(tensor);
    const block = (tensor.dims[2] ?? 0) * width;
    const before = padding === "left" ? columns * width - block : 0;
    for (let from = 0; from < source.length; from += block) {
      values.set(source.subarray(from, from + block), start + before);
      start += columns * width;
    }
  }
  return rawTensor(values, [rows, heads, columns, width]);
}

function takeRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const [count = 1, ...rest] = tensor.dims;
  const source = rawValues(tensor);
  const size = source.length / count;
  const values = emptyLike(source, rows.length * size);
  rows.forEach((row, at) => values.set(source.subarray(row * size, (row + 1) * size), at * size));
  return rawTensor(values, [rows.length, ...rest]);
}

/** All zero. */
function emptyLike(values: Float32Array | Uint16Array, length: number): Float32Array | Uint16Array {
  return values instanceof Float32Array ? new Float32Array(length) : new Uint16Array(length);
}
