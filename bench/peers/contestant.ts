/** One way to score texts, as the comparison sees it: all take turns, round by round. */
export interface Contestant {
  readonly name: string;
  /** What it is a setting of; of several settings the best of a round counts. */
  readonly peer: PeerName;
  /** Toxic score of each of the first texts, which also warms it up. */
  scores(): Promise<readonly number[]>;
  /** One round. */
  measure(): Promise<Throughput>;
}

export const peerNames = ["ours", "bare", "padded", "pipeline-int8", "pipeline-fp32", "flask"] as const;
export type PeerName = (typeof peerNames)[number];

export interface Throughput {
  readonly textsPerSecond: number;
  /** CPU time of the load client for each request, which the server could not have; 0 without HTTP. */
  readonly clientMicrosecondsPerText: number;
}
