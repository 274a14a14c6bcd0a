import { availableParallelism } from "node:os";
import process from "node:process";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Workspace packages resolve to their TypeScript sources: no build before tests.
// In the node environment it is ssr.resolve.conditions that counts.
const conditions = ["@memwire/source", ...defaultServerConditions];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    // By default one core is left idle: of two that is half of the time.
    maxWorkers: availableParallelism(),
    projects: [
      {
        extends: true,
        test: {
          name: "unit", // on Node, Bun and Deno: scripts/test.ts
          include: ["packages/*/test/**/*.test.ts", "test/*.test.ts"],
          isolate: false,
          setupFiles: ["test/fast-check.setup.ts"],
          testTimeout: 30_000 + 2_000 * Number(process.env["FC_SECONDS"] ?? 0),
        },
      },
      {
        extends: true,
        test: {
          name: "e2e", // on Node, which starts the programs on all three
          include: ["apps/*/test/**/*.test.ts", "test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text", "json-summary"],
    },
  },
});
