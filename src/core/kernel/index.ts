export { IndexOutOfRange } from "./errors.ts"
export { applyKernel, computeInto, evaluate, prepare } from "./evaluate.ts"
export type { Value } from "./Kernel.ts"
export { type OperandsOf, takes } from "./Operands.ts"
