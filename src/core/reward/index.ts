export type { Granularity, Partition, TokenSequence } from "./Granularity.ts"
export * as Granularities from "./Granularity.ts"
