import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Typed arrays from native addons fail `instanceof` across vm realms; child processes are real ones.
    pool: "forks",
    // On two cores: files of integration tests start services of several processes, and wait for them much of the time.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // Starting and importing anew for each file takes 40 % of the time. Whoever mocks a module resets them all.
          isolate: false,
          // A limit against tests that hang, not against a busy machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary"],
      thresholds: { lines: 85 },
    },
  },
});
