import { expect, test } from "vitest";
import { SpokenLanguage } from "../../../src/tasks/spoken-language.ts";

test("a language that was asked for stays", () => {
  const language = new SpokenLanguage("fr", true);
  language.hear("en", 1);
  expect(language.decided).toBe("fr");
  expect(language.likeliest).toBe("fr");
});

test("one window that is sure decides", () => {
  const language = new SpokenLanguage(null, true);
  expect(language.likeliest).toBeNull();
  language.hear("fr", 0.5);
  expect(language.decided).toBe("fr");
});

test("a window that is not sure leaves it open", () => {
  const language = new SpokenLanguage(null, true);
  language.hear("la", 0.3);
  expect(language.decided).toBeNull();
  expect(language.likeliest).toBe("la");
  language.hear("fr", 0.9);
  expect(language.decided).toBe("fr");
});

test("of three windows that are not sure the likeliest language decides", () => {
  const language = new SpokenLanguage(null, true);
  language.hear("la", 0.35);
  language.hear("fr", 0.2);
  expect(language.decided).toBeNull();
  language.hear("fr", 0.3);
  expect(language.decided).toBe("fr");
});
