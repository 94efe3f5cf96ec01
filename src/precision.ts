/** How weights are stored, by the type that most of them have. */
export const precisions = ["fp32", "fp16", "int8", "int4"] as const;

export type Precision = (typeof precisions)[number];
