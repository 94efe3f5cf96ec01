import { BlockList, isIP, isIPv6 } from "node:net";
import type { Config } from "./config.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Why the service must not listen like this, for its operator; null when it may. */
export function missingKeysProblem({ auth, server }: Config, hasKeys: boolean): string | null {
  if (auth.mode === "none" || hasKeys || isLoopback(server.host)) {
    return null;
  }
  return (
    `others can reach ${server.host}, and there is no list of API keys. Make one with npm run keys and name it with ` +
    "auth.keysFile, or set auth.mode: none if nobody is to need a key"
  );
}

/** Addresses that nobody outside this machine reaches. */
function isLoopback(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4"));
}
