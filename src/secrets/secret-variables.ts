import type { SecretBundle } from "./bundle.ts";
import { Secret } from "./secret.ts";

/** Secrets by the names of the environment variables that held them. */
export type SecretVariables = ReadonlyMap<string, Secret>;

/**
 * Takes the secrets out of the environment: once this returns, neither `process.env` nor any child that inherits it has
 * them. An empty variable counts as not set. What the system keeps of a process's start, `/proc/PID/environ`, cannot be
 * changed: its own user still reads them there, which is why mounted files are the better place.
 */
export function takeSecretVariables(
  bundles: readonly SecretBundle<unknown>[],
  // oxlint-disable-next-line node/no-process-env -- secrets are removed from it, and are no part of the Config object
  environment: Record<string, string | undefined> = process.env,
): SecretVariables {
  const taken = new Map<string, Secret>();
  for (const { variable } of bundles.flatMap((bundle) => bundle.fields)) {
    const text = environment[variable] ?? "";
    delete environment[variable];
    if (text !== "") {
      taken.set(variable, new Secret(text));
    }
  }
  return taken;
}
