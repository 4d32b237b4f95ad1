export { type Area, areas, type BackendClaims, type BackendLaw } from "./BackendLaw.ts"
export { backend } from "./backend.ts"
export { difference, disagreement, type Tolerance } from "./Tolerance.ts"
export { type Precision, tolerances } from "./tolerances.ts"
