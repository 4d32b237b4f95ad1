export { fileNames, HarnessResults, samples, stamp, summary, type TaskResult, writeSamples } from "./HarnessResults.ts"
export { fromRows, HarnessSample, parseSample, sha256, toRows } from "./HarnessSample.ts"
export { type HarnessChoice, lines } from "./harnessLines.ts"
