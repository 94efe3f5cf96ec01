import { isIPv6 } from "node:net";

/** An IPv6 address that holds an IPv4 one. */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Groups of 16 bits that name a network; the other four are its customer's to choose. */
const networkGroups = 4;

/**
 * Whom an address stands for. Whoever has one IPv6 address mostly has a network of 2^64 of them, which therefore counts
 * as one, such as `2001:db8:0:1::/64`.
 */
export function addressGroup(address: string): string {
  const inner = mapped.exec(address)?.[1];
  if (inner !== undefined) {
    return inner;
  }
  const [withoutZone = ""] = address.split("%", 1);
  return isIPv6(withoutZone) ? `${networkOf(withoutZone)}::/64` : address;
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
