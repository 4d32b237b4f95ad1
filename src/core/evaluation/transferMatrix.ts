import { bestOfNOfPrompt, type ScoredPool } from "./bestOfN.ts"
import type { Measurement } from "./Measurement.ts"
import { notAvailable } from "./Measurement.ts"
import { differenceOverPrompts, meanOverPrompts } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"

/** Traces of a policy trained on one data set, scored by a reward trained on another. */
export interface TransferRun {
  /** The policy's data set. */
  readonly policy: string
  /** The reward's data set. */
  readonly reward: string
  /** The reward's architecture, e.g. `dense`. */
  readonly architecture: string
  /** Where the scores come from, e.g. a file and its hash. */
  readonly provenance: string
  readonly pools: ReadonlyArray<ScoredPool>
}

/** One cell of the matrix. */
export interface TransferCell extends Omit<TransferRun, "pools"> {
  /** Best-of-n by the reward. */
  readonly accuracy: Measurement
  /** Paired difference to the expected random pick m / N of the same pools. */
  readonly gain: Measurement
  readonly nonFinite: number
}

/** The cell of one run. Scores that are not finite rank last, tied, and are counted. */
export const transferCell = ({ pools, ...run }: TransferRun, n: number, resampling: Resampling): TransferCell => {
  const accuracy = pools.map((pool) => bestOfNOfPrompt(pool, n))
  const random = pools.map(({ correct }) => correct.filter(Boolean).length / correct.length)
  return {
    ...run,
    accuracy: meanOverPrompts(accuracy, resampling, `no prompt has ${n} completions`),
    gain: differenceOverPrompts(accuracy, random, resampling),
    nonFinite: pools.reduce((sum, { scores }) => sum + scores.filter((s) => !Number.isFinite(s)).length, 0)
  }
}

/**
 * All cells, policies × architectures × rewards, in order of first appearance; a run that is not there is a cell that
 * is not available and says so.
 */
export const transferMatrix = (
  runs: ReadonlyArray<TransferRun>,
  n: number,
  resampling: Resampling
): ReadonlyArray<TransferCell> => {
  const distinct = (of: (run: TransferRun) => string) => [...new Set(runs.map(of))]
  return distinct((r) => r.policy).flatMap((policy) =>
    distinct((r) => r.architecture).flatMap((architecture) =>
      distinct((r) => r.reward).map((reward): TransferCell => {
        const run = runs.find((r) => r.policy === policy && r.architecture === architecture && r.reward === reward)
        if (run !== undefined) return transferCell(run, n, resampling)
        const missing = notAvailable("no such run")
        return { policy, architecture, reward, provenance: "missing", accuracy: missing, gain: missing, nonFinite: 0 }
      })
    )
  )
}
