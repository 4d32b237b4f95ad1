export { type ArithmeticOptions, arithmetic, arithmeticTokenizer, standardDifficulty } from "./arithmetic.ts"
export { type ArithmeticDifficulty, type Chain, type ChainStep, parseChain, solve } from "./arithmeticProblem.ts"
export type { Split, Splits, StepVerdict, Task } from "./Task.ts"
export * as Tasks from "./Task.ts"
