import {
  aurocPooled,
  aurocWithinPrompt,
  crossCalibrate,
  expectedCalibrationError,
  type Measurement,
  Measurements,
  passAtK,
  platt,
  type RerankRow,
  Resamplings
} from "../../core/evaluation/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { type Job, type MethodName, methods } from "./Job.ts"
import { type RunResults, type SelectorRow, scored } from "./RunResults.ts"
import type { Provenance } from "./readMethod.ts"

/** What tables over several runs are made from: values with intervals, and where they come from. */
export interface RunSummary {
  readonly domain: string
  readonly label: string
  readonly answerOnly: boolean
  readonly selector: string
  /** Name of each method's run: several experiments may share one. */
  readonly runs: Readonly<Partial<Record<MethodName, string>>>
  readonly provenance: Readonly<Partial<Record<MethodName, Provenance>>>
  readonly passAt1: Readonly<Partial<Record<MethodName, Measurement>>>
  /** The same on a lenient reading of the answers, where rows say it. */
  readonly passAt1Adjusted: Readonly<Partial<Record<MethodName, Measurement>>>
  /** Every reranker at every n that was asked for and that the prompts have. */
  readonly reranking: ReadonlyArray<RerankRow>
  readonly selectors: ReadonlyArray<SelectorRow>
  readonly auroc: Measurement
  readonly aurocWithinPrompt: Measurement
  readonly calibrationError: Measurement
}

const { standard } = Resamplings

const passAt1 = (correct: ReadonlyArray<ReadonlyArray<boolean>>): Measurement => passAtK(correct, 1, standard)

/** Verdicts on a lenient reading, of the completions that have one. */
const adjustedOf = (pools: ReadonlyArray<PromptPool>): ReadonlyArray<ReadonlyArray<boolean>> =>
  pools.flatMap(({ scores }) => {
    const own = (scores["formatAdjusted"] ?? []).filter(Number.isFinite).map((value) => value === 1)
    return own.length === 0 ? [] : [own]
  })

/** The largest n that reranking was measured at. */
export const largestN = ({ reranking }: Pick<RunSummary, "reranking">): number =>
  reranking.reduce((most, { n }) => Math.max(most, n), 1)

/** The values of one run that tables over several runs show. */
export const summariseRun = (job: Job, { selector, methods: own, reranking, selectors }: RunResults): RunSummary => {
  const rewarded = scored(own.airl?.pools ?? [], "reward")
  const none = Measurements.notAvailable("no completion has a reward score")
  const each = <A>(of: (method: MethodName) => A | undefined): Partial<Record<MethodName, A>> =>
    Object.fromEntries(
      methods.flatMap((method) => {
        const value = own[method] === undefined ? undefined : of(method)
        return value === undefined ? [] : [[method, value]]
      })
    )
  return {
    domain: job.domain,
    label: job.label,
    answerOnly: job.answerOnly,
    selector,
    runs: each((method) => job.runs[method]?.run),
    provenance: each((method) => own[method]?.provenance),
    passAt1: each((method) => passAt1((own[method]?.pools ?? []).map(({ correct }) => correct))),
    passAt1Adjusted: each((method) => {
      const adjusted = adjustedOf(own[method]?.pools ?? [])
      return adjusted.length === 0 ? undefined : passAt1(adjusted)
    }),
    reranking,
    selectors,
    auroc: rewarded.length === 0 ? none : aurocPooled(rewarded, standard),
    aurocWithinPrompt: rewarded.length === 0 ? none : aurocWithinPrompt(rewarded, standard),
    calibrationError: rewarded.length === 0 ? none : expectedCalibrationError(crossCalibrate(platt, rewarded), standard)
  }
}
