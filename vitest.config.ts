import { defineConfig } from "vitest/config"

export default defineConfig({
  // Examples import the package by its own name: here that is the source, not a build. No "import" among them: workers pass
  // them on to Node, whose `require` would then take the modules of packages that have both kinds.
  ssr: { resolve: { conditions: ["source", "node"] } },
  test: {
    include: ["specs/**/*.spec.ts", "property-tests/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two files at a time: each may hold an engine of its own.
    maxWorkers: 2,
    reporters: ["default"]
  }
})
