import type { JsonFields } from "./json-fields.ts";

/**
 * Weights of the blocks of a transformer: four matrices of attention and two of the feed-forward part in each. A token is
 * multiplied by each of them once; biases, norms and tables of embeddings do not count.
 * @param keys of its sizes in `config`.
 * @throws Error when it lacks one of them.
 */
export function transformerWeights(
  config: JsonFields,
  keys: { readonly layers: string; readonly width: string; readonly innerWidth: string },
): number {
  const [layers, width, innerWidth] = [
    config.count(keys.layers),
    config.count(keys.width),
    config.count(keys.innerWidth),
  ];
  return layers * (4 * width * width + 2 * width * innerWidth);
}

/** Keys of encoders in the configurations of most models. */
export const encoderKeys = { layers: "num_hidden_layers", width: "hidden_size", innerWidth: "intermediate_size" };
