export * as Reference from "./layer.ts"
export { layer } from "./layer.ts"
