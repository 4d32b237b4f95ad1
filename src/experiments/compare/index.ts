export { compareRuns, Incomparable, seedsTable } from "./compareRuns.ts"
