/** Packages that are judged by more than their manifest. */
export interface LicenceException {
  readonly packages: RegExp;
  /** What their manifest says, null for nothing: when that changes, somebody has to look again. */
  readonly declared: string | null;
  /** What holds, as an SPDX expression. */
  readonly actual: string;
  readonly reason: string;
}

/** SPDX ids under which a dependency may come with the service: permissive, or none of a licence's duties at all. */
export const allowedLicences: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

/** Only optional packages can be excepted: the image leaves those out, so nothing of them is passed on with the service. */
export const licenceExceptions: readonly LicenceException[] = [
  {
    packages: /^@seydx\/node-av-/,
    declared: "MIT",
    actual: "MIT AND GPL-3.0-or-later",
    reason:
      "The binary holds FFmpeg with parts under the GPL 3; the manifest names the licence of the code around it. Who " +
      "passes the service on leaves it out (npm ci --omit=optional) and decodes with the system's ffmpeg.",
  },
  {
    packages: /^@shinyoshiaki\/jspack$/,
    declared: null,
    actual: "BSD-3-Clause",
    reason: "A dependency of node-av. The manifest is silent; the LICENSE file beside it is the BSD licence.",
  },
  {
    packages: /^mediabunny$/,
    declared: "MPL-2.0",
    actual: "MPL-2.0",
    reason: "A dependency of node-av, used unchanged: the duty to publish changes, file by file, meets nothing.",
  },
];
