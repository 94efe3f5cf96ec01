import type { Form } from "../../tools/voxtral-cost/weights.ts";
import type { TextAnswer } from "../peers/voxtral/device-job.ts";
import { median, type Spread, spread } from "../statistics.ts";
import { figure, percent, type Table } from "../table.ts";
import { type BandwidthLimit, costBesidesBandwidth } from "./bandwidth-limit.ts";

/** What one contestant did in one round. */
export interface Turn {
  /** The text cut off after its first token. */
  readonly first: TextAnswer;
  readonly whole: TextAnswer;
}

export interface Decoder {
  readonly name: string;
  /** Of the weights that it reads. */
  readonly form: Form;
  readonly isPeer: boolean;
}

/** One contestant with so many texts side by side. */
export interface DecodeRow {
  readonly name: string;
  readonly isPeer: boolean;
  readonly batch: number;
  /** Encoder, prompts and first tokens of all texts. */
  readonly firstTokenSeconds: Spread;
  /** Of all texts together, after the first tokens. */
  readonly tokensPerSecond: Spread;
  readonly msPerStep: number;
  readonly limit: BandwidthLimit;
  /** (measured − limit) ÷ limit. */
  readonly besidesBandwidth: number;
  /** Against the best peer of each round; null without one. */
  readonly ratio: Spread | null;
  readonly tokens: number;
  /** What makes the figures worthless. */
  readonly problems: readonly string[];
}

/**
 * @param turns by contestant, then by round.
 * @param limitOf the limit of a form for texts of so many tokens.
 */
export function decodeRows(
  contestants: readonly Decoder[],
  turns: readonly (readonly Turn[])[],
  { batch, limitOf }: { readonly batch: number; readonly limitOf: (form: Form, tokens: number) => BandwidthLimit },
): DecodeRow[] {
  const peers = turns.filter((_, index) => contestants[index]?.isPeer === true).map((each) => ratesOf(each, batch));
  const reference = turns[0]?.[0]?.whole.tokenIds ?? [];
  return contestants.map(({ name, form, isPeer }, index) => {
    const own = turns[index] ?? [];
    const tokens = own[0]?.whole.tokenIds.length ?? 0;
    const rates = ratesOf(own, batch);
    const tokensPerSecond = spread(rates);
    const limit = limitOf(form, tokens);
    const msPerStep = (batch / tokensPerSecond.median) * 1000;
    return {
      name,
      isPeer,
      batch,
      firstTokenSeconds: spread(own.map(({ first }) => first.ms / 1000)),
      tokensPerSecond,
      msPerStep,
      limit,
      besidesBandwidth: costBesidesBandwidth(msPerStep, limit),
      ratio:
        isPeer || peers.length === 0
          ? null
          : spread(rates.map((rate, round) => rate / Math.max(...peers.map((each) => each[round] ?? Number.NaN)))),
      tokens,
      problems: problemsOf(`${name}, ${batch} texts`, own, isPeer ? null : reference),
    };
  });
}

/**
 * Tokens a second of all texts together, between the first and the last, by round; NaN where the first alone took longer.
 * It is taken from all rounds: of a short text it is most of the time, and differs from run to run.
 */
function ratesOf(turns: readonly Turn[], batch: number): number[] {
  const firstMs = median(turns.map(({ first }) => first.ms));
  return turns.map(({ whole }) => {
    const ms = whole.ms - firstMs;
    return ms > 0 ? (batch * (whole.tokenIds.length - 1) * 1000) / ms : Number.NaN;
  });
}

/** @param reference what the first of ours said; null: another runtime may round otherwise. */
function problemsOf(name: string, turns: readonly Turn[], reference: readonly number[] | null): string[] {
  const answers = turns.map(({ whole }) => whole);
  if (answers.some(({ tokenIds }) => tokenIds.length < 2)) {
    return [`${name}: a text of fewer than two tokens tells no speed`];
  }
  const isRestless = ratesOf(turns, 1).some(Number.isNaN);
  const isNoNumber = answers.some(({ logProbabilities }) => logProbabilities.includes(null));
  const hasOtherFirst = reference !== null && answers.some(({ tokenIds }) => tokenIds[0] !== reference[0]);
  return [
    ...(isRestless ? [`${name}: a first token took longer than a whole text; the machine is not quiet`] : []),
    ...(isNoNumber ? [`${name}: some log-probabilities are no numbers`] : []),
    ...(hasOtherFirst ? [`${name}: the first token is not that of the first contestant`] : []),
  ];
}

export function decodeTable(device: string, rows: readonly DecodeRow[]): Table {
  return {
    title: `Decoding on ${device}: tokens/s of all texts together, after their first tokens`,
    columns: [
      "",
      "texts",
      "tokens/s",
      "min",
      "max",
      "ms/step",
      "limit tokens/s",
      "of the limit",
      "step besides bandwidth",
      "÷ transformers",
      "min",
      "max",
    ],
    rows: rows.map(({ name, batch, tokensPerSecond, msPerStep, limit, besidesBandwidth, ratio }) => [
      name,
      String(batch),
      ...cells(tokensPerSecond),
      figure(msPerStep),
      figure(limit.tokensPerSecond),
      percent(tokensPerSecond.median / limit.tokensPerSecond),
      `${figure(besidesBandwidth)} limits`,
      ...(ratio === null ? ["–", "–", "–"] : cells(ratio)),
    ]),
  };
}

export function promptTable(rows: readonly DecodeRow[]): Table {
  return {
    title: "Encoder, prompts and first tokens of all texts, in seconds",
    columns: ["", "texts", "s", "min", "max", "s a text"],
    rows: rows.map(({ name, batch, firstTokenSeconds }) => [
      name,
      String(batch),
      ...cells(firstTokenSeconds),
      figure(firstTokenSeconds.median / batch),
    ]),
  };
}

function cells({ median: middle, min, max }: Spread): string[] {
  return [middle, min, max].map(figure);
}
