import { Schema } from "effect"
import { type Measurement, Measurements } from "../../evaluation/index.ts"
import { type Method, ReportData } from "./ReportData.ts"

/** A measured value as JSON; `null` with a reason where there is none. */
export const Shown = Schema.Union([
  Schema.Struct({
    value: Schema.Finite,
    ci95: Schema.Tuple([Schema.Finite, Schema.Finite]),
    n: Schema.Int
  }),
  Schema.Struct({ value: Schema.Null, ci95: Schema.Null, reason: Schema.String })
])

/** Best of eight by each rule; where fewer completions were sampled, the values are null and say so. */
export const BestOf8 = Schema.Struct({
  reward: Shown,
  random: Shown,
  logProb: Shown,
  majority: Shown,
  weightedMajority: Shown,
  oracle: Shown,
  /** Paired difference of the reward's pick to the expected random pick of the same samples. */
  gain: Shown
})

/** Hit@1 of the first wrong step, by reward and by log-prob, on the same traces. */
export const LocalisationSummary = Schema.Struct({
  hitAt1: Shown,
  chance: Shown,
  logProb: Shown,
  normalised: Shown,
  rows: Schema.Int
})

/** The headline of one method. */
export const MethodSummary = Schema.Struct({
  passAt1: Shown,
  gainOverSft: Schema.optionalKey(Shown),
  bestOf8: Schema.optionalKey(BestOf8),
  localisation: Schema.optionalKey(LocalisationSummary),
  aurocPooled: Schema.optionalKey(Shown),
  aurocWithinPrompt: Schema.optionalKey(Shown)
})

/**
 * `summary.json`: the headline by method, then under `shown` every row behind a figure or table of the report.
 * AIRL methods and offline rewards stand under their key, the granularity.
 */
export const Summary = Schema.Struct({
  task: Schema.String,
  seed: Schema.Int,
  sft: Schema.optionalKey(MethodSummary),
  airl: Schema.Record(Schema.String, MethodSummary),
  grpo: Schema.optionalKey(MethodSummary),
  reward: Schema.Record(Schema.String, MethodSummary),
  wallSeconds: Schema.Finite,
  peakMemoryBytes: Schema.Finite,
  shown: ReportData
})

export type Shown = typeof Shown.Type
export type MethodSummary = typeof MethodSummary.Type
export type Summary = typeof Summary.Type

const shown = (measurement: Measurement): Shown =>
  Measurements.isEstimate(measurement)
    ? { value: measurement.value, ci95: measurement.ci95, n: measurement.n }
    : { value: null, ci95: null, reason: measurement.reason }

/** The accuracy of one reranker at one n; not available where that was not computed. */
export const accuracyOf = (method: Method, reranker: string, n: number): Measurement =>
  method.rerank.find((row) => row.reranker === reranker && row.n === n)?.accuracy ??
  Measurements.notAvailable(`no best-of-${n} by ${reranker}`)

/** The paired gain of one reranker over the expected random pick at one n. */
export const gainOf = (method: Method, reranker: string, n: number): Measurement =>
  method.rerank.find((row) => row.reranker === reranker && row.n === n)?.gain ??
  Measurements.notAvailable(`no best-of-${n} by ${reranker}`)

const bestOf8 = (method: Method): typeof BestOf8.Type => {
  const of = (reranker: string) => shown(accuracyOf(method, reranker, 8))
  return {
    reward: of("reward"),
    random: of("random"),
    logProb: of("logProb"),
    majority: of("majority"),
    weightedMajority: of("weightedMajority"),
    oracle: of("oracle"),
    gain: shown(gainOf(method, "reward", 8))
  }
}

const missing = (detector: string): Measurement => Measurements.notAvailable(`no detector ${detector}`)

const localisation = (method: Method): typeof LocalisationSummary.Type => {
  const reward = method.localisation.find(({ detector }) => detector === "reward")
  const logProb = method.localisation.find(({ detector }) => detector === "logProb")
  return {
    hitAt1: shown(reward?.hitAt1 ?? missing("reward")),
    chance: shown(reward?.chance ?? logProb?.chance ?? missing("reward")),
    logProb: shown(logProb?.hitAt1 ?? missing("logProb")),
    normalised: shown(reward?.normalised ?? missing("reward")),
    rows: reward?.rows ?? logProb?.rows ?? 0
  }
}

const methodSummary = (method: Method): MethodSummary => ({
  passAt1: shown(method.passAt1),
  ...(method.gainOverSft === undefined ? {} : { gainOverSft: shown(method.gainOverSft) }),
  ...(method.rerank.length === 0 ? {} : { bestOf8: bestOf8(method) }),
  ...(method.localisation.length === 0 ? {} : { localisation: localisation(method) }),
  ...(method.separation === undefined
    ? {}
    : {
        aurocPooled: shown(method.separation.aurocPooled),
        aurocWithinPrompt: shown(method.separation.aurocWithinPrompt)
      })
})

/** The summary of a run: the same numbers as the report, as JSON. */
export const summarise = (data: ReportData): Summary => {
  const one = (kind: Method["kind"]) => data.methods.find((method) => method.kind === kind)
  const byKey = (kind: Method["kind"]) =>
    Object.fromEntries(data.methods.filter((m) => m.kind === kind).map((m) => [m.key, methodSummary(m)]))
  const sft = one("sft")
  const grpo = one("grpo")
  return {
    task: data.task,
    seed: data.seed,
    ...(sft === undefined ? {} : { sft: methodSummary(sft) }),
    airl: byKey("airl"),
    ...(grpo === undefined ? {} : { grpo: methodSummary(grpo) }),
    reward: byKey("reward"),
    wallSeconds: data.wallSeconds,
    peakMemoryBytes: data.peakMemoryBytes,
    shown: data
  }
}
