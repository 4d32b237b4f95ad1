import { clock } from "./progressLines.ts"
import type { Metrics } from "./Stage.ts"
import type { TrainEvent } from "./TrainEvent.ts"
import { table } from "./table.ts"

/** What a stage came to. */
export interface StageSummary {
  readonly stage: string
  readonly step: number
  /** Time over all sessions. */
  readonly seconds: number
  /** Last value of each metric seen in this session. */
  readonly metrics: Metrics
  readonly outcome: "running" | "finished" | "finished earlier" | "stopped" | "failed"
}

const outcomes: { readonly [T in TrainEvent["_tag"]]?: StageSummary["outcome"] } = {
  StageFinished: "finished",
  Stopped: "stopped",
  StageFailed: "failed"
}

/** The summaries after one more event, in the order in which stages began. Start from `[]`. */
export const next = (summaries: ReadonlyArray<StageSummary>, event: TrainEvent): ReadonlyArray<StageSummary> => {
  const known = summaries.find(({ stage }) => stage === event.stage)
  const before = known ?? { stage: event.stage, step: 0, seconds: 0, metrics: {}, outcome: "running" }
  const seconds =
    event._tag === "Step"
      ? before.seconds + event.seconds
      : event._tag === "Resumed" || event._tag === "StageFinished"
        ? event.seconds
        : before.seconds
  const seen = event._tag === "Step" ? Object.entries(event.metrics).filter(([, value]) => value !== null) : []
  const after: StageSummary = {
    stage: event.stage,
    step: event.step,
    seconds,
    metrics: { ...before.metrics, ...Object.fromEntries(seen) },
    outcome:
      event._tag === "StageFinished" && event.skipped ? "finished earlier" : (outcomes[event._tag] ?? before.outcome)
  }
  return known === undefined ? [...summaries, after] : summaries.map((s) => (s === known ? after : s))
}

/** The closing table: a row a stage, and the metrics named. */
export const summaryTable = (summaries: ReadonlyArray<StageSummary>, metrics: ReadonlyArray<string> = []): string =>
  table(
    ["stage", "steps", "time", ...metrics, "outcome"],
    summaries.map(({ stage, step, seconds, metrics: values, outcome }) => [
      stage,
      step,
      clock(seconds),
      ...metrics.map((name) => {
        const value = values[name]
        return value === null || value === undefined ? null : Number(value.toPrecision(4))
      }),
      outcome
    ])
  )
