export { IndexOutOfRange } from "./errors.ts"
export { applyKernel, evaluate, prepare } from "./evaluate.ts"
export { type OperandsOf, takes } from "./Operands.ts"
