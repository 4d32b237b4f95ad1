export { anyProgram, floatOutputs, floats, type Sample } from "../../src/core/laws/program/index.ts"
