export { anyProgram, floatOutputs, floats, type Sample } from "./anyProgram.ts"
