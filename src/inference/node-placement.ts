/** One operator that ran, and the execution provider that ran it, as ONNX Runtime names them. */
export interface NodeRun {
  readonly operator: string;
  readonly executionProvider: string;
}

/**
 * The operators that do a model's work. What deals with shapes is left on the CPU on purpose: ONNX Runtime keeps it there,
 * where sizes are needed.
 */
const working = /MatMul|Gemm|Conv|Attention|Normalization|Softmax|Gelu|LSTM|GRU/i;

const suffix = "ExecutionProvider";

/**
 * The operators of one profile that ONNX Runtime wrote, in its order.
 * @throws Error when it is none.
 */
export function parseNodeRuns(profile: string): NodeRun[] {
  const events: unknown = JSON.parse(profile);
  if (!Array.isArray(events)) {
    throw new Error("ONNX Runtime wrote a profile that is none");
  }
  return events.flatMap((event: { readonly args?: Readonly<Record<string, unknown>> } | null) => {
    const { op_name: operator, provider } = event?.args ?? {};
    return typeof operator === "string" && typeof provider === "string" && provider !== ""
      ? [{ operator, executionProvider: provider }]
      : [];
  });
}

/**
 * The execution provider that did the work of a run, such as `cpu` or `cuda`. Of a graph without any work, such as a table
 * of embeddings, the one that ran most of its operators.
 * @throws Error when no operator ran, or when several providers did the work: it names what ran where.
 */
export function deviceOf(nodes: readonly NodeRun[]): string {
  const work = nodes.filter(({ operator }) => working.test(operator));
  const counts = countByProvider(work.length > 0 ? work : nodes);
  const [first] = [...counts].toSorted(([, one], [, other]) => other - one);
  if (first === undefined) {
    throw new Error("ONNX Runtime's profile names no operator that ran");
  }
  if (work.length > 0 && counts.size > 1) {
    const parts = [...counts].map(([provider, count]) => `${count} on ${provider}`);
    const operators = [...new Set(work.map(({ operator, executionProvider }) => `${operator} (${executionProvider})`))];
    throw new Error(`operators were shared out: ${parts.join(", ")}: ${operators.join(", ")}`);
  }
  return first[0];
}

function countByProvider(nodes: readonly NodeRun[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { executionProvider } of nodes) {
    const name = executionProvider.replace(suffix, "").toLowerCase();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
