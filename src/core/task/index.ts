export type { Split, Splits, StepVerdict, Task } from "./Task.ts"
