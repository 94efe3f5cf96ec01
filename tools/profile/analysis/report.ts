import type { LoadReport } from "../../../bench/load/load-job.ts";
import type { MachineFacts } from "../../../bench/machine.ts";
import { percentiles, quantile } from "../../../bench/statistics.ts";
import { figure, percent } from "../../../bench/table.ts";
import type { ProcessRecording, StageRecord } from "../recording/recording.ts";
import { allocationSites } from "./allocation-sites.ts";
import { type Group, groupBy, topGroups } from "./groups.ts";
import { within } from "./intervals.ts";
import { addLayers, layersOf } from "./layers.ts";
import { markdownTable } from "./markdown-table.ts";
import type { GraphProfile, NodeRun } from "./ort-profile.ts";
import type { Profile } from "./profile.ts";
import { stageNames, stageTimes } from "./stage-times.ts";

export interface ReportInput {
  /** As it was typed. */
  readonly command: string;
  /** Name and version. */
  readonly model: string;
  readonly machine: MachineFacts;
  readonly profile: Profile;
  readonly profiled: LoadReport;
  readonly plain: readonly LoadReport[];
}

/** Rows of a table before the others are put together. */
const topOperators = 15;
const topNodes = 5;
const topSites = 6;

/** One page in Markdown about where time and memory went. */
export function report(input: ReportInput): string {
  const { profile } = input;
  const graphs = profile.inference.flatMap((each) => each.graphs);
  return `${[
    `# Profile: ${input.model}`,
    `\`${input.command}\`\n\n${describeMachine(input.machine)}`,
    loadTable(input),
    "## Time per stage\n\nOf each request, in milliseconds. `receive` reads and checks, `postprocess` answers.",
    stageTable(profile),
    "## Time of batches\n\nFrom handing a batch to an inference process until its answer is there.",
    layerTable(profile),
    ...[...Map.groupBy(graphs, ({ graph }) => graph)].flatMap(([graph, same]) => graphSection(graph, same, profile)),
    "## Memory\n\nJavaScript memory that was allocated, whether or not it is still in use, from samples; threads beside the main one are missing.",
    memoryTable(profile),
    ...siteTables(profile),
    notes(profile),
  ].join("\n\n")}\n`;
}

function describeMachine({ cpu, cores, memoryGib, kernel, node, onnxRuntime, loadBefore }: MachineFacts): string {
  return (
    `${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}, Node ${node}, ONNX Runtime ${onnxRuntime}; ` +
    `load before: ${figure(loadBefore)}`
  );
}

function loadTable({ profiled, plain }: ReportInput): string {
  const profiledRate = rateOf([profiled]);
  const table = markdownTable(
    ["service", "requests", "requests/s", "p50 ms", "p95 ms", "p99 ms", "max ms"],
    [
      loadRow("profiled", profiled),
      ...plain.map((load, index) => loadRow(`not profiled, ${index === 0 ? "before" : "after"}`, load)),
    ],
  );
  const cost = (rateOf(plain) / profiledRate).toFixed(2);
  const meaning =
    "All other figures are of profiled requests; where before and after differ, the machine was not quiet.";
  return `${table}\n\nProfiling costs: a request took ${cost} times as long as without. ${meaning}`;
}

function loadRow(name: string, load: LoadReport): string[] {
  const { p50, p95, p99, max } = percentiles(load.latenciesMs);
  return [name, String(load.latenciesMs.length), ...[rateOf([load]), p50, p95, p99, max].map(figure)];
}

/** Requests per second. */
function rateOf(loads: readonly LoadReport[]): number {
  const seconds = loads.reduce((total, load) => total + load.seconds, 0);
  return loads.reduce((total, { latenciesMs }) => total + latenciesMs.length, 0) / seconds;
}

function stageTable({ api, window }: Profile): string {
  const stages = Map.groupBy(api.stages, ({ requestId }) => requestId);
  const requests = within(api.requests, window);
  const times = requests.map((request) => stageTimes(request, stages.get(request.requestId) ?? noStages));
  const all = requests.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0);
  const row = (name: string, durations: readonly number[]): string[] => {
    const total = durations.reduce((sum, each) => sum + each, 0);
    return [name, figure(total / durations.length), figure(quantile(durations, 0.95)), percent(total / all)];
  };
  const rows = stageNames.map((name) =>
    row(
      name,
      times.map((each) => each[name]),
    ),
  );
  const whole = row(
    "whole request",
    requests.map(({ startMs, endMs }) => endMs - startMs),
  );
  return markdownTable(["stage", "mean ms", "p95 ms", "share"], [...rows, whole]);
}

const noStages: readonly StageRecord[] = [];

function layerTable({ api, inference, window }: Profile): string {
  const all = inference.map(({ recording, graphs }) => layersOf(recording, graphs, api.batches, window));
  const { pipeMs, pluginMs, bindingMs, runtimeMs, operatorsMs } = addLayers(all);
  const total = pipeMs + pluginMs + bindingMs + runtimeMs + operatorsMs;
  const row = (name: string, ms: number): string[] => [name, figure(ms), percent(ms / total)];
  const batches = within(api.batches, window).length;
  return markdownTable(
    ["part", "total ms", "share"],
    [
      row("pipe between the processes", pipeMs),
      row("plugin, in JavaScript", pluginMs),
      row("Node binding of ONNX Runtime", bindingMs),
      row("ONNX Runtime around operators, its profiling included", runtimeMs),
      row("operators", operatorsMs),
      row(`${batches} batches`, total),
    ],
  );
}

/** @param same The profiles of one graph, of each inference process. */
function graphSection(graph: string, same: readonly GraphProfile[], { window }: Profile): string[] {
  const nodes = same.flatMap((each) => within(each.nodes, window));
  const runs = same.reduce((total, each) => total + within(each.runs, window).length, 0);
  const runMs =
    groupBy(
      same.flatMap((each) => within(each.runs, window)),
      () => "",
      durationOf,
    )[0]?.total ?? 0;
  const arena = Math.max(...nodes.map(({ arenaBytes }) => arenaBytes ?? Number.NaN));
  const facts = [
    `${runs} runs, ${figure(runMs / runs)} ms each`,
    ...(Number.isNaN(arena) ? [] : [`arena of at most ${mebibytes(arena)} MiB`]),
  ];
  const byProvider = groupBy(
    nodes,
    ({ executionProvider }) => executionProvider,
    ({ selfMs }) => selfMs,
  );
  const providers = byProvider.map(({ name, count, share }) => `${name} ${percent(share)} (${count} operators)`);
  return [
    `## Operators of ${graph}\n\n${[...facts, ...providers].join("; ")}.`,
    operatorTable("operator", nodes, ({ operator }) => operator, topOperators),
    operatorTable("node", nodes, ({ node, operator }) => `${node} (${operator})`, topNodes),
  ];
}

function operatorTable(
  column: string,
  nodes: readonly NodeRun[],
  nameOf: (node: NodeRun) => string,
  count: number,
): string {
  const outputs = new Map(groupBy(nodes, nameOf, ({ outputBytes }) => outputBytes).map((group) => [group.name, group]));
  const groups = groupBy(nodes, nameOf, ({ selfMs }) => selfMs);
  const shown = topGroups(groups, count);
  const bytesOf = (names: readonly string[]): number =>
    names.reduce((total, name) => total + (outputs.get(name)?.total ?? 0), 0);
  const rows = shown.map((group, index) => {
    const isRest = groups[index]?.name !== group.name;
    return operatorRow(group, bytesOf(isRest ? groups.slice(index).map(({ name }) => name) : [group.name]));
  });
  return markdownTable([column, "count", "total ms", "share", "mean µs", "output MiB"], rows);
}

function operatorRow({ name, count, total, share }: Group, bytes: number): string[] {
  return [name, String(count), figure(total), percent(share), figure((total / count) * 1000), mebibytes(bytes)];
}

function memoryTable({ api, inference }: Profile): string {
  const requests = api.requests.length;
  const processes = [
    ["API", api],
    ...inference.map(({ recording }) => [`inference ${recording.pid}`, recording] as const),
  ] as const;
  const columns = ["process", "allocated MiB", "KiB a request", "minor GCs", "major GCs", "GC ms"];
  const resident = ["resident MiB", "before", "highest", "loop delay p99 ms"];
  return markdownTable(
    [...columns, ...resident],
    processes.map(([name, recording]) => memoryRow(name, recording, requests)),
  );
}

function memoryRow(name: string, recording: ProcessRecording, requests: number): string[] {
  const { collections, residentBytes, loopDelayMs } = recording;
  const allocated =
    groupBy(
      allocationSites(recording.heap),
      () => "",
      ({ bytes }) => bytes,
    )[0]?.total ?? 0;
  const collectionsOf = (kind: string): string => String(collections.filter((each) => each.kind === kind).length);
  return [
    name,
    mebibytes(allocated),
    figure(allocated / requests / 1024),
    collectionsOf("minor"),
    collectionsOf("major"),
    figure(collections.reduce((total, each) => total + durationOf(each), 0)),
    mebibytes(residentBytes.after),
    mebibytes(residentBytes.before),
    mebibytes(residentBytes.highest),
    figure(loopDelayMs.p99),
  ];
}

function siteTables({ api, inference }: Profile): string[] {
  return [
    siteTable("allocated in the API process by", [api]),
    siteTable(
      "allocated in inference processes by",
      inference.map(({ recording }) => recording),
    ),
  ];
}

function siteTable(title: string, recordings: readonly ProcessRecording[]): string {
  const sites = recordings.flatMap(({ heap }) => allocationSites(heap));
  const groups = groupBy(
    sites,
    ({ name, place }) => `${name} ${place}`,
    ({ bytes }) => bytes,
  );
  const rows = topGroups(groups, topSites).map(({ name, total, share }) => [name, mebibytes(total), percent(share)]);
  return markdownTable([title, "MiB", "share"], rows);
}

function notes({ inference }: Profile): string {
  const graphs = inference.flatMap((each) => each.graphs);
  const errorUs = Math.max(...graphs.map(({ clockErrorMs }) => clockErrorMs)) * 1000;
  const cutOff = graphs.filter(({ isCutOff }) => isCutOff).map(({ graph }) => graph);
  return [
    `The clocks of ONNX Runtime's profiles were aligned to within ${figure(errorUs)} µs.`,
    ...(cutOff.length === 0
      ? []
      : [`INCOMPLETE: ONNX Runtime had no room for the later events of ${cutOff.join(", ")}: send fewer requests.`]),
  ].join(" ");
}

function durationOf({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return endMs - startMs;
}

function mebibytes(bytes: number): string {
  return figure(bytes / 2 ** 20);
}
