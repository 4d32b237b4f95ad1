export { stripStyle } from "./style.ts"
export { lowest, position, printed, type TintScale, tint, visible } from "./Tint.ts"
