export { type Agreement, agreement, checkAgreement } from "./agreement.ts"
export * as Batches from "./Batch.ts"
export { rejected } from "./checkRequests.ts"
export { type Candidates, candidates, type Drawn, draw, occurrences } from "./draw.ts"
export { type Form, formOf, knobs, plain, withWindow } from "./Form.ts"
export {
  type ChunkGuidance,
  type Guided,
  guideChunks,
  guideTopK,
  type Prefix,
  type PrefixScores,
  type TopKGuidance
} from "./guidance.ts"
export { type NextLogits, type NextLogitsOptions, nextLogits } from "./NextLogits.ts"
export type { Settings } from "./Sampling.ts"
export * as Sampling from "./Sampling.ts"
