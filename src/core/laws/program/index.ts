export { anyProgram, floatOutputs, floats, type Sample } from "./anyProgram.ts"
export { differentiated } from "./differentiated.ts"
