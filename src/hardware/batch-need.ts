/** What a batch takes on a device at most besides the graphs: `fixedBytes + units × bytesPerUnit`. */
export interface BatchNeed {
  readonly fixedBytes: number;
  /** Of a padded token of text, or of a window of speech; 0 where a larger batch takes no more. */
  readonly bytesPerUnit: number;
}

/** Bytes of a batch of so many units. */
export function batchBytes({ fixedBytes, bytesPerUnit }: BatchNeed, units: number): number {
  return fixedBytes + units * bytesPerUnit;
}

/** Units of the largest batch within these bytes; 0 when there is none. */
export function unitsWithin(bytes: number, { fixedBytes, bytesPerUnit }: BatchNeed): number {
  if (bytes < fixedBytes) {
    return 0;
  }
  return bytesPerUnit === 0 ? Number.POSITIVE_INFINITY : Math.floor((bytes - fixedBytes) / bytesPerUnit);
}
