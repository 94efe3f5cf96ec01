import { expect, test } from "vitest";
import { corpus } from "../../../../tools/hostile-audio/corpus.ts";

test("every hostile file has a name of its own and at least one right answer", () => {
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  expect(corpus.filter(({ expected }) => expected.length === 0)).toEqual([]);
});

test("a file is the same whenever it is made", () => {
  const small = corpus.filter(({ name }) => !/100-mb|200-mb|bomb|zeros\.wav|random/.test(name));
  for (const { content } of small) {
    const [first, second] = [Buffer.concat([...content()]), Buffer.concat([...content()])];
    expect(first.equals(second)).toBe(true);
  }
});
