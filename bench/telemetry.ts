import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Benchmark, Findings } from "./benchmark.ts";
import { LoadClient } from "./load/load-client.ts";
import { HttpContestant } from "./peers/http-contestant.ts";
import { Service } from "./service.ts";
import { type Spread, spread } from "./statistics.ts";
import { figure } from "./table.ts";

const muted = new URL("./telemetry/mute-requests.ts", import.meta.url);

/** The service with more and more of its telemetry; the first is what the others are held against. */
interface Setting {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What telemetry costs: the same load on services that differ in nothing else, by turns. */
export const telemetry: Benchmark = {
  summary: "throughput with logs, metrics and traces, against none of them",
  options: [
    { name: "rounds", byDefault: 9, help: "rounds in which all take turns" },
    { name: "requests", byDefault: 3000, help: "requests of one round" },
  ],

  async run(options, progress): Promise<Findings> {
    const collector = await startCollector();
    const settings = settingsFor(collector.url);
    const requests = options.number("requests");
    await using services = new AsyncDisposableStack();
    using client = new LoadClient();
    const contestants = [];
    for (const { name, environment } of settings) {
      progress(`starting the service: ${name}`);
      const service = services.use(await Service.start({ environment }));
      const load = { texts: 2000, requests, checkedTexts: 1 };
      contestants.push({ name, contestant: new HttpContestant("ours", name, client, service.port, load) });
    }
    const speeds = contestants.map(() => [] as number[]);
    // The first round warms up.
    for (let round = 0; round <= options.number("rounds"); round++) {
      for (const [index, { name, contestant }] of contestants.entries()) {
        const { textsPerSecond } = await contestant.measure();
        progress(`round ${round}  ${name}: ${figure(textsPerSecond)} texts/s`);
        if (round > 0) {
          speeds[index]?.push(textsPerSecond);
        }
      }
    }
    collector.close();
    const ratios = speeds.map((each) => spread(each.map((speed, round) => speed / (speeds[0]?.[round] ?? Number.NaN))));
    return {
      tables: [
        {
          title: "Throughput, one text a request, 32 connections",
          columns: ["", "texts/s", "÷ without, median", "lowest", "highest"],
          rows: contestants.map(({ name }, index) => row(name, spread(speeds[index] ?? []), ratios[index])),
        },
      ],
      notes: [`The collector took ${collector.posts()} posts of spans, ${collector.bytes()} bytes, on the same CPUs.`],
      failures: collector.posts() === 0 ? ["no span was exported"] : [],
      values: { names: settings.map(({ name }) => name), speeds, ratios },
    };
  },
};

function row(name: string, speed: Spread, ratio: Spread | undefined): string[] {
  const ratios = [ratio?.median, ratio?.min, ratio?.max].map((each) => (each ?? Number.NaN).toFixed(3));
  return [name, figure(speed.median), ...ratios];
}

function settingsFor(collectorUrl: string): Setting[] {
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl };
  return [
    { name: "no telemetry of requests", environment: { NODE_OPTIONS: `--import ${muted.href}` } },
    { name: "logs and metrics", environment: {} },
    {
      name: "and a trace of every 20th request",
      environment: { ...traced, OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.05" },
    },
    { name: "and traces of all requests", environment: traced },
  ];
}

/** Takes spans and throws them away. */
async function startCollector() {
  let posts = 0;
  let bytes = 0;
  const server = createServer((request, response) => {
    posts++;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    posts: () => posts,
    bytes: () => bytes,
    close: () => void server.close(),
  };
}
