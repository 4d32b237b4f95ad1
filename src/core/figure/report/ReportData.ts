import { Schema } from "effect"
import { Measurement } from "../../evaluation/index.ts"
import { HeatStrip, Table } from "../index.ts"

const Share = Schema.Finite

/** pass@k at one k. */
export const PassAtK = Schema.Struct({ k: Schema.Int, value: Measurement })

/** One point of a reranking curve; the rows of `Rerankers.curve` as they are. */
export const Rerank = Schema.Struct({
  reranker: Schema.String,
  n: Schema.Int,
  accuracy: Measurement,
  gain: Measurement,
  nonFinite: Schema.Int
})

/** One detector's localisation; the results of `Localisation.localise` as they are. */
export const Localisation = Schema.Struct({
  detector: Schema.String,
  hitAt1: Measurement,
  chance: Measurement,
  normalised: Measurement,
  meanReciprocalRank: Measurement,
  rows: Schema.Int,
  nonFinite: Schema.Int
})

/** The critic at one policy step, on held-out prompts. */
export const CriticHealth = Schema.Struct({
  step: Schema.Int,
  expertAccuracy: Share,
  policyAccuracy: Share,
  auroc: Share,
  margin: Schema.Finite,
  lengthAuroc: Schema.optionalKey(Share),
  surfaceAuroc: Schema.optionalKey(Share),
  anchorDrift: Schema.optionalKey(Schema.Finite),
  replayedShare: Schema.optionalKey(Share),
  switchedShare: Schema.optionalKey(Share)
})

/** One bin of trace scores. */
export const RewardBin = Schema.Struct({
  lower: Schema.Finite,
  upper: Schema.Finite,
  correct: Schema.Int,
  wrong: Schema.Int
})

/** A learning curve; `displayOnly` names the series that training and selection never see. */
export const Curve = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  xLabel: Schema.String,
  yLabel: Schema.String,
  format: Schema.Literals(["percent", "number", "integer"]),
  points: Schema.Array(Schema.Struct({ series: Schema.String, step: Schema.Finite, value: Schema.Finite })),
  displayOnly: Schema.optionalKey(Schema.Array(Schema.String))
})

/** How well the reward separates right from wrong, pooled and where reranking needs it. */
export const Separation = Schema.Struct({
  aurocPooled: Measurement,
  aurocWithinPrompt: Measurement,
  brier: Schema.optionalKey(Measurement),
  expectedCalibrationError: Schema.optionalKey(Measurement)
})

/**
 * One trained method. `kind` says where it stands in the summary: `sft` and `grpo` once, `airl` and `reward` (a reward
 * learned without a policy) once for each granularity, under `key`.
 */
export const Method = Schema.Struct({
  key: Schema.String,
  label: Schema.String,
  kind: Schema.Literals(["sft", "airl", "grpo", "reward"]),
  /** Which selector turns its rewards into a trace score. */
  selector: Schema.optionalKey(Schema.String),
  passAt1: Measurement,
  /** Paired difference of pass@1 to SFT on the same prompts. */
  gainOverSft: Schema.optionalKey(Measurement),
  passAtK: Schema.Array(PassAtK),
  rerank: Schema.Array(Rerank),
  localisation: Schema.Array(Localisation),
  separation: Schema.optionalKey(Separation),
  criticHealth: Schema.Array(CriticHealth),
  rewardBins: Schema.Array(RewardBin),
  curves: Schema.Array(Curve)
})

/** Everything that the report and the summary show; both are pure functions of it. */
export const ReportData = Schema.Struct({
  title: Schema.String,
  /** What the task is, in a sentence. */
  description: Schema.String,
  task: Schema.String,
  seed: Schema.Int,
  config: Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.String })),
  methods: Schema.Array(Method),
  heatStrips: Schema.Array(HeatStrip),
  tables: Schema.Array(Table),
  /** What a reader must know to judge the numbers, one sentence each. */
  notes: Schema.Array(Schema.String),
  wallSeconds: Schema.Finite,
  peakMemoryBytes: Schema.Finite
})

export type Method = typeof Method.Type
export type ReportData = typeof ReportData.Type
