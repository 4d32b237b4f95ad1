export { policyColumns, rewardColumns } from "./rewardColumns.ts"
export { scoreFile } from "./scoreFile.ts"
export { type ScoreSummary, type Spread, spreadOf, summarise } from "./summarise.ts"
