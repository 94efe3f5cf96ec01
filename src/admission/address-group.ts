import { isIP, isIPv6 } from "node:net";

/** Stands for an address that nobody knows: its connection is gone, or a proxy said something else. */
export const unknownAddress = "unknown";

/** As proxies write addresses with ports: `192.0.2.1:4001`, `[2001:db8::1]:4001`. */
const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/;
const inBrackets = /^\[([^\]]+)\](?::\d+)?$/;

/** An IPv6 address that holds an IPv4 one. */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Groups of 16 bits that name a network; the other four are its customer's to choose. */
const networkGroups = 4;

/**
 * Whom an address stands for. Whoever has one IPv6 address mostly has a network of 2^64 of them, which therefore counts
 * as one, such as `2001:db8:0:1::/64`. What a proxy says may have a port, which is none of it; what is no address, whatever
 * was sent, is `unknownAddress`, one for all.
 */
export function addressGroup(given: string): string {
  const address = withPort.exec(given)?.[1] ?? inBrackets.exec(given)?.[1] ?? given;
  const inner = mapped.exec(address)?.[1];
  if (inner !== undefined) {
    return inner;
  }
  const [withoutZone = ""] = address.split("%", 1);
  if (isIPv6(withoutZone)) {
    return `${networkOf(withoutZone)}::/64`;
  }
  return isIP(address) === 0 ? unknownAddress : address;
}

function networkOf(address: string): string {
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return groups
    .slice(0, networkGroups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

/** An IPv4 address at the end takes two groups, which lie beyond the network whatever they are. */
function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":").flatMap((group) => (group.includes(".") ? ["0", "0"] : [group]));
}
