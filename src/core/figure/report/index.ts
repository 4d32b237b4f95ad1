export * as Reports from "./ReportData.ts"
export { Method, ReportData } from "./ReportData.ts"
export { renderReport } from "./renderReport.ts"
export { type MethodSummary, type Shown, Summary, summarise } from "./Summary.ts"
