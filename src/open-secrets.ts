import { resolve } from "node:path";
import { apiKeysBundle } from "./admission/keys/key-bundle.ts";
import type { Environment } from "./config/environment-layer.ts";
import type { Config } from "./config.ts";
import type { EventBus } from "./events.ts";
import { objectStorageBundle } from "./secrets/object-storage.ts";
import { redisBundle } from "./secrets/redis-url.ts";
import type { SecretPlaces } from "./secrets/secret-places.ts";
import { type SecretVariables, takeSecretVariables } from "./secrets/secret-variables.ts";
import { SecretsManager } from "./secrets/secrets-manager.ts";

/** Every secret that the service knows. */
const bundles = { keys: apiKeysBundle, redis: redisBundle, storage: objectStorageBundle };

export const secretBundles = Object.values(bundles);

export type Secrets = SecretsManager<typeof bundles>;

/** The secrets in force, told of on the event bus. Throws SecretsError when something is set and cannot be used. */
export function openSecrets(config: Config, variables: SecretVariables, events: EventBus): Secrets {
  return new SecretsManager(bundles, {
    places: secretPlaces(config, variables),
    overlapMs: config.secrets.overlapMs,
    reports: {
      versionChanged: (bundle, version, writtenAt) => {
        events.emit("secret_version_changed", { bundle, version, writtenAt: writtenAt ?? Date.now() });
      },
      rotationFailed: (bundle, reason) => events.emit("secret_rotation_failed", { bundle, reason }),
    },
  });
}

/** Where the settings say that secrets are. A relative path is relative to where the operator stands. */
export function secretPlaces({ auth, secrets }: Config, variables: SecretVariables): SecretPlaces {
  return {
    folder: secrets.folder === "" ? null : resolve(secrets.folder),
    files: auth.keysFile === "" ? {} : { "api-keys": resolve(auth.keysFile) },
    variables,
  };
}

/** Takes the secrets out of the environment: of the process's own, so that no child inherits them, unless another is given. */
export function takeSecrets(environment: Environment | undefined): SecretVariables {
  return environment === undefined
    ? takeSecretVariables(secretBundles)
    : takeSecretVariables(secretBundles, { ...environment });
}
