/** Mutation testing of the core's formulas; see docs/mutation.md. @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutation.config.ts", related: false },
  mutate: ["src/core/{objective,reward,evaluation}/**/*.ts", "!src/core/{objective,reward,evaluation}/index.ts"],
  coverageAnalysis: "perTest",
  // What runs while a module loads (tables, patterns) would need every test again, 15 s a mutant.
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 4000,
  // Names no file: to rewrite a tsconfig.json Stryker calls TypeScript's API, which TypeScript 7 no longer has.
  tsconfigFile: "none",
  tempDirName: "runs/mutation/sandbox",
  incremental: true,
  incrementalFile: "runs/mutation/incremental.json",
  reporters: ["clear-text", "json"],
  jsonReporter: { fileName: "runs/mutation/report.json" },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false }
}
