import {
  aurocPooled,
  aurocWithinPrompt,
  crossCalibrate,
  expectedCalibrationError,
  type Measurement,
  Measurements,
  passAtK,
  platt,
  Rerankers,
  type RerankRow,
  Resamplings
} from "../../core/evaluation/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { type Job, type MethodName, methods } from "./Job.ts"
import { mostGenerations, type RunResults, scored } from "./mainDrawings.ts"
import type { Provenance } from "./readMethod.ts"

/** What tables over several runs are made from: values with intervals, and where they come from. */
export interface RunSummary {
  readonly domain: string
  readonly label: string
  readonly answerOnly: boolean
  readonly selector: string
  readonly provenance: Readonly<Partial<Record<MethodName, Provenance>>>
  readonly passAt1: Readonly<Partial<Record<MethodName, Measurement>>>
  /** Best-of-n at the largest n that was asked for and that the prompts have. */
  readonly reranking: { readonly n: number; readonly rows: ReadonlyArray<RerankRow> }
  readonly auroc: Measurement
  readonly aurocWithinPrompt: Measurement
  readonly calibrationError: Measurement
}

const { standard } = Resamplings

const passAt1 = (pools: ReadonlyArray<PromptPool>): Measurement =>
  passAtK(
    pools.map(({ correct }) => correct),
    1,
    standard
  )

/** The values of one run that tables over several runs show. */
export const summariseRun = (job: Job, { selector, methods: own, ns }: RunResults): RunSummary => {
  const pools = own.airl?.pools ?? []
  const most = mostGenerations(pools)
  const n = Math.max(1, ...ns.filter((one) => one <= most))
  const rewarded = scored(pools, "reward")
  const none = Measurements.notAvailable("no completion has a reward score")
  const each = <A>(of: (method: MethodName) => A | undefined): Partial<Record<MethodName, A>> =>
    Object.fromEntries(
      methods.flatMap((method) => {
        const value = of(method)
        return value === undefined ? [] : [[method, value]]
      })
    )
  return {
    domain: job.domain,
    label: job.label,
    answerOnly: job.answerOnly,
    selector,
    provenance: each((method) => own[method]?.provenance),
    passAt1: each((method) => (own[method] === undefined ? undefined : passAt1(own[method].pools))),
    reranking: { n, rows: Rerankers.curve(pools, Rerankers.standard, [n], standard) },
    auroc: rewarded.length === 0 ? none : aurocPooled(rewarded, standard),
    aurocWithinPrompt: rewarded.length === 0 ? none : aurocWithinPrompt(rewarded, standard),
    calibrationError: rewarded.length === 0 ? none : expectedCalibrationError(crossCalibrate(platt, rewarded), standard)
  }
}
