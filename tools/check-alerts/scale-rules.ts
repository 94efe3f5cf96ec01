import { readTokens } from "../promql/tokens.ts";
import type { Rule, RuleFile } from "./rule-files.ts";

/** How time is made shorter. */
export interface Scale {
  /** Durations are divided by it. */
  readonly factor: number;
  /** No window of a range or an offset gets shorter than this, in seconds: a rate needs some scrapes. */
  readonly leastWindowSeconds: number;
}

const unitSeconds: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/**
 * The same rules in less time: windows, offsets and waiting times are divided by the factor, groups are read at every
 * evaluation. Numbers stay what they are, thresholds and the names of series above all.
 */
export function scaleRules({ groups }: RuleFile, scale: Scale): RuleFile {
  return { groups: groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => scaleRule(rule, scale)) })) };
}

/** The expression with every range and offset in less time. @throws {SyntaxError} for what is no PromQL. */
export function scaleExpression(expression: string, { factor, leastWindowSeconds }: Scale): string {
  const durations = readTokens(expression).filter(({ kind }) => kind === "duration");
  let scaled = "";
  let end = 0;
  for (const { at, text } of durations) {
    const seconds = Math.max(leastWindowSeconds, secondsOf(text) / factor);
    scaled += expression.slice(end, at) + durationText(seconds);
    end = at + text.length;
  }
  return scaled + expression.slice(end);
}

/** @throws {SyntaxError} for what is no duration of Prometheus. */
export function secondsOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([text]) => text).join("") !== duration) {
    throw new SyntaxError(`${duration} is no duration`);
  }
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitSeconds[unit] ?? 0), 0);
}

function scaleRule(rule: Rule, scale: Scale): Rule {
  const scaled = { ...rule, expr: scaleExpression(rule.expr, scale) };
  return rule.for === undefined ? scaled : { ...scaled, for: durationText(secondsOf(rule.for) / scale.factor) };
}

/** To the millisecond, the smallest that Prometheus knows. */
function durationText(seconds: number): string {
  return `${Math.round(seconds * 1_000)}ms`;
}
