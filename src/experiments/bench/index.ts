export { type Benchmark, benchmarks, peak } from "./benchmarks.ts"
export { type Comparison, compareSides, median } from "./compareSides.ts"
export { Job, prepare, productFlops, trainingStep } from "./jobs.ts"
export { type Side, SideFailed, start, type Timing } from "./Side.ts"
