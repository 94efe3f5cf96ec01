import { expect, test } from "vitest";
import { Turns } from "../../../src/text/turns.ts";

function takeAll(turns: Turns<string>): string[] {
  const items: string[] = [];
  for (let item = turns.take(); item !== undefined; item = turns.take()) {
    items.push(item);
  }
  return items;
}

test("one owner's items leave in the order in which they came", () => {
  const turns = new Turns<string>();
  for (const item of ["a1", "a2", "a3"]) {
    turns.add(item, ["a"]);
  }
  expect(takeAll(turns)).toEqual(["a1", "a2", "a3"]);
  expect(turns.isEmpty).toBe(true);
});

test("owners take turns, however many items each has", () => {
  const turns = new Turns<string>();
  for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) {
    turns.add(item, [item.charAt(0)]);
  }
  expect(takeAll(turns)).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
});

test("an address with many clients has no more turns than an address with one", () => {
  const turns = new Turns<string>();
  for (const client of ["1", "2", "3"]) {
    turns.add(`a${client}`, ["a", client]);
  }
  turns.add("b1", ["b", "1"]);
  turns.add("b1 again", ["b", "1"]);
  expect(takeAll(turns)).toEqual(["a1", "b1", "a2", "b1 again", "a3"]);
});

test("an owner who comes back waits behind those who wait already", () => {
  const turns = new Turns<string>();
  turns.add("a1", ["a"]);
  turns.add("b1", ["b"]);
  expect(turns.take()).toBe("a1");
  turns.add("a2", ["a"]);
  expect(takeAll(turns)).toEqual(["b1", "a2"]);
});

test("peeking tells whose turn it is and uses no turn", () => {
  const turns = new Turns<string>();
  expect(turns.peek()).toBeUndefined();
  turns.add("a1", ["a", "x"]);
  turns.add("b1", ["b", "y"]);
  expect(turns.peek()).toBe("a1");
  expect(turns.peek()).toBe("a1");
  turns.take();
  expect(turns.peek()).toBe("b1");
});

test("an item that was taken out is not served, and its owner is forgotten with it", () => {
  const turns = new Turns<string>();
  turns.add("a1", ["a", "x"]);
  turns.remove("a1", ["a", "x"]);
  turns.remove("a1", ["a", "x"]);
  expect(turns.isEmpty).toBe(true);
  expect(turns.take()).toBeUndefined();
});
