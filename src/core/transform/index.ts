export { grad, vjp } from "./vjp.ts"
