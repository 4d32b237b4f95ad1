export { ablationTable, type Setting } from "./ablationTable.ts"
export { compareRuns, printTable } from "./compareRuns.ts"
export { Incomparable, readRuns } from "./runs.ts"
export { seedsTable } from "./seedsTable.ts"
