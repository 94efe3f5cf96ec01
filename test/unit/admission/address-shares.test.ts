import { describe, expect, it } from "vitest";
import { AddressShares } from "../../../src/admission/address-shares.ts";

function takeAll(shares: AddressShares, address: string): number {
  let taken = 0;
  while (shares.tryTake(address, 1)) {
    taken++;
  }
  return taken;
}

describe("AddressShares", () => {
  it("gives one address two thirds of the limit, and the next one its share of the rest", () => {
    const shares = new AddressShares(() => 900);
    expect(takeAll(shares, "192.0.2.1")).toBe(600);
    expect(takeAll(shares, "192.0.2.2")).toBe(200);
    expect(shares.inUse).toBe(800);
  });

  it("gives all addresses together what the limit says, and no more", () => {
    const shares = new AddressShares(() => 100);
    const taken = Array.from({ length: 300 }, (_, address) => shares.tryTake(`192.0.2.${address}`, 1));
    expect(taken.filter(Boolean)).toHaveLength(100);
  });

  it("takes nothing of what does not fit as a whole", () => {
    const shares = new AddressShares(() => 100);
    expect(shares.tryTake("192.0.2.1", 60)).toBe(true);
    expect(shares.tryTake("192.0.2.2", 41)).toBe(false);
    expect(shares.inUse).toBe(60);
    expect(shares.tryTake("192.0.2.2", 40)).toBe(true);
  });

  it("serves an address again once it gave back", () => {
    const shares = new AddressShares(() => 3);
    expect(takeAll(shares, "192.0.2.1")).toBe(2);
    shares.giveBack("192.0.2.1", 1);
    expect(takeAll(shares, "192.0.2.1")).toBe(1);
  });

  it("remembers no address that holds nothing", () => {
    const shares = new AddressShares(() => 10);
    for (let address = 0; address < 1_000; address++) {
      shares.tryTake(`192.0.2.${address}`, 2);
      shares.giveBack(`192.0.2.${address}`, 1);
      shares.giveBack(`192.0.2.${address}`, 1);
    }
    expect(shares.addresses).toBe(0);
    expect(shares.inUse).toBe(0);
  });
});
