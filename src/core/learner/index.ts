export * as Scorer from "./Scorer.ts"
export * as Sequence from "./Sequence.ts"
export * as Sft from "./sft.ts"
export * as Trainer from "./Trainer.ts"
