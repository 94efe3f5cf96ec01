import { type ClassifyAnswer, readAnswers, toxicScore } from "../classify-answer.ts";
import type { LoadClient } from "../load/load-client.ts";
import type { LoadReport } from "../load/load-job.ts";
import type { Contestant, PeerName, Throughput } from "./contestant.ts";

/** Busy clients in every HTTP measurement. */
export const connections = 32;

export interface HttpLoad {
  /** Texts of the list that a round goes through, from the first on. */
  readonly texts: number;
  /** Requests of a round, one text each. */
  readonly requests: number;
  /** Texts that are scored once, to compare the answers. */
  readonly checkedTexts: number;
}

/** A server that answers `POST /v1/classify`, under a closed loop of 32 connections. */
export class HttpContestant implements Contestant {
  readonly peer: PeerName;
  readonly name: string;
  readonly #client: LoadClient;
  readonly #port: number;
  readonly #load: HttpLoad;

  constructor(peer: PeerName, name: string, client: LoadClient, port: number, load: HttpLoad) {
    this.peer = peer;
    this.name = name;
    this.#client = client;
    this.#port = port;
    this.#load = load;
  }

  /** The whole answers for the first texts. */
  async answers(): Promise<readonly ClassifyAnswer[]> {
    const texts = this.#load.checkedTexts;
    const limit = { requests: texts };
    const report = await this.#client.closedLoop({ port: this.#port, connections, limit, texts, keepsBodies: true });
    this.#requireSuccess(report);
    return readAnswers(report.bodies);
  }

  async scores(): Promise<readonly number[]> {
    return (await this.answers()).map(toxicScore);
  }

  async measure(): Promise<Throughput> {
    const { texts, requests } = this.#load;
    const limit = { requests };
    const report = await this.#client.closedLoop({ port: this.#port, connections, limit, texts, keepsBodies: false });
    this.#requireSuccess(report);
    return {
      textsPerSecond: requests / report.seconds,
      clientMicrosecondsPerText: (report.clientCpuSeconds / requests) * 1e6,
    };
  }

  /** @throws Error when a request failed: throughput with failures in it is no throughput. */
  #requireSuccess({ statuses }: LoadReport): void {
    const failures = statuses.filter((status) => status !== 200);
    if (failures.length > 0) {
      const kinds = [...new Set(failures)].join(", ");
      throw new Error(`${this.name} failed ${failures.length} of ${statuses.length} requests (status ${kinds})`);
    }
  }
}
