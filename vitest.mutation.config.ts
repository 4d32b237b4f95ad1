import { defineConfig } from "vitest/config"

/** The tests that a mutation run repeats: those of `src/core/{objective,reward,evaluation}` alone, as they are quick. */
export default defineConfig({
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  test: {
    include: [
      "specs/{12,13,14,18,19,20,21,22,23,30,31,32,35,36,37}-*.spec.ts",
      "property-tests/{objective,reward,evaluation,laws}/*.test.ts"
    ],
    exclude: ["property-tests/objective/decoderPenalty.test.ts"],
    maxWorkers: 1,
    bail: 1
  }
})
