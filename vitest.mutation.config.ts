import { defineConfig } from "vitest/config"

/** The tests that a mutation run repeats: those of `src/core/{objective,reward,evaluation}`, but for two slow ones. */
export default defineConfig({
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  test: {
    include: [
      "specs/{12,13,14,18,19,20,21,22,23,30,31,32,35,36,37,61}-*.spec.ts",
      "property-tests/{objective,reward,evaluation,laws}/*.test.ts",
      "property-tests/defects/{data,evaluation}.test.ts"
    ],
    exclude: ["property-tests/objective/decoderPenalty.test.ts", "property-tests/evaluation/cost.test.ts"],
    maxWorkers: 1
  }
})
