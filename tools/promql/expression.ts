import { readTokens, type Token } from "./tokens.ts";

/** One label that a selector asks for. */
export interface Matcher {
  readonly label: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** A choice of series: a metric's name and what its labels must be. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** What an expression speaks of. */
export interface ExpressionFacts {
  readonly selectors: readonly Selector[];
  /** Labels that it groups, joins or copies by. */
  readonly labels: readonly string[];
}

const functions = new Set(
  `abs absent absent_over_time avg_over_time ceil changes clamp clamp_max clamp_min count_over_time delta deriv floor
  histogram_quantile increase irate label_replace last_over_time max_over_time min_over_time predict_linear
  quantile_over_time rate resets round scalar sort sort_desc sum_over_time time timestamp vector`.split(/\s+/),
);
const aggregations = new Set(["avg", "bottomk", "count", "max", "min", "quantile", "sum", "topk"]);
const operators = new Set(["and", "bool", "offset", "or", "unless"]);
const labelLists = new Set(["by", "group_left", "group_right", "ignoring", "on", "without"]);

/**
 * Reads which series and labels an expression names. Strict: what it does not know is an error, so that no name slips
 * through. It does not judge whether the expression makes sense, which `promtool` does.
 * @throws {SyntaxError} at an unknown function or a selector that is no selector.
 */
export function readExpression(expression: string): ExpressionFacts {
  const reader = new ExpressionReader(readTokens(expression));
  reader.read();
  return { selectors: reader.selectors, labels: reader.labels };
}

class ExpressionReader {
  readonly selectors: Selector[] = [];
  readonly labels: string[] = [];
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): void {
    for (let token = this.#take(); token !== null; token = this.#take()) {
      if (token.kind === "name") {
        this.#readName(token.text);
      } else if (token.text === "{") {
        throw new SyntaxError("a selector must begin with the name of its metric");
      }
    }
  }

  #readName(name: string): void {
    if (labelLists.has(name)) {
      this.#readLabels();
    } else if (aggregations.has(name)) {
      this.#expectCall(name, ["(", "by", "without"]);
    } else if (functions.has(name)) {
      this.#expectCall(name, ["("]);
    } else if (!operators.has(name)) {
      this.selectors.push({ metric: name, matchers: this.#readMatchers(name) });
    }
  }

  #expectCall(name: string, followers: readonly string[]): void {
    if (!followers.includes(this.#peek())) {
      throw new SyntaxError(`${name} is a function and must be called`);
    }
  }

  /** `group_left` may stand without a list; Prometheus takes a parenthesis after it for one. */
  #readLabels(): void {
    if (this.#peek() !== "(") {
      return;
    }
    this.#take();
    for (let token = this.#take(); token?.text !== ")"; token = this.#take()) {
      if (token === null) {
        throw new SyntaxError("a list of labels has no end");
      }
      if (token.kind === "name") {
        this.labels.push(token.text);
      }
    }
  }

  #readMatchers(metric: string): Matcher[] {
    if (this.#peek() === "(") {
      throw new SyntaxError(`${metric} is no known function`);
    }
    if (this.#peek() !== "{") {
      return [];
    }
    this.#take();
    const matchers: Matcher[] = [];
    while (this.#peek() !== "}") {
      const [label, operator, value] = [this.#take(), this.#take(), this.#take()];
      if (label?.kind !== "name" || operator?.kind !== "operator" || value?.kind !== "string") {
        throw new SyntaxError(`the selector of ${metric} is no list of label="value"`);
      }
      matchers.push({
        label: label.text,
        operator: operator.text as Matcher["operator"],
        value: value.text.slice(1, -1).replaceAll(/\\(.)/g, "$1"),
      });
      if (this.#peek() === ",") {
        this.#take();
      }
    }
    this.#take();
    return matchers;
  }

  #peek(): string {
    return this.#tokens[this.#next]?.text ?? "";
  }

  #take(): Token | null {
    return this.#tokens[this.#next++] ?? null;
  }
}
