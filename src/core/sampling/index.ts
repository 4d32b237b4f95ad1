export { type Candidates, candidates } from "./draw.ts"
export { type Form, formOf, knobs, plain } from "./Form.ts"
export type { Settings } from "./Sampling.ts"
export * as Sampling from "./Sampling.ts"
