export {
  type Check,
  examine,
  type Finding,
  failed,
  isSound,
  passed,
  skipped,
  type Verdict,
  warned
} from "./Check.ts"
export { memoryForeseen, type Room } from "./checks/memory.ts"
export { adapterApplied, type HeadHistory, headLearns, type Probed, samplerAgrees } from "./checks/models.ts"
export { type JudgeText, outcomeContract, type Solved } from "./checks/outcome.ts"
export { bytesText, diskSpace, memoryFits, type Need } from "./checks/resources.ts"
export { endSupervised, maskNotEmpty, roundTrip } from "./checks/texts.ts"
export { truncation } from "./checks/truncation.ts"
export { configuredChecks } from "./configuredChecks.ts"
export { Count, type Counted, dryRun } from "./dryRun.ts"
export { jsonOf, printFinding, printFindings } from "./report.ts"
export { parameterBytes, type Resources, resources, storedBytes, weightBytes } from "./resources.ts"
export { type Foreseen, type Subject, type SubjectOptions, subject, type Usage } from "./Subject.ts"
