export { examineApart } from "./apart.ts"
export { examine, type Selection } from "./examine.ts"
export { matrix } from "./matrix.ts"
export type { Report } from "./Report.ts"
