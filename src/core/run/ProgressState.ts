import type { Metrics } from "./Stage.ts"
import type { TrainEvent } from "./TrainEvent.ts"

/** A stage that a run will pass through. */
export interface PlannedStage {
  readonly stage: string
  readonly steps: number
  /** Expected time of a step: only the proportions between stages matter. 1 by default. */
  readonly secondsPerStep?: number
}

/** What is known of one stage. */
export interface StageProgress {
  readonly stage: string
  readonly steps: number
  readonly weight: number
  readonly done: number
  /** Steps done in this session, and the time they took. */
  readonly measured: { readonly steps: number; readonly seconds: number }
  /** Time of a step of late: an exponential average over about ten steps; `undefined` before the first. */
  readonly pace: number | undefined
}

/** What is known of a run: a fold over its events. */
export interface ProgressState {
  readonly stages: ReadonlyArray<StageProgress>
  /** The stage under way. */
  readonly current: string | undefined
  readonly metrics: Metrics
}

/** Nothing done yet. */
export const initial = (plan: ReadonlyArray<PlannedStage>): ProgressState => ({
  stages: plan.map(({ stage, steps, secondsPerStep = 1 }) => ({
    stage,
    steps,
    weight: secondsPerStep,
    done: 0,
    measured: { steps: 0, seconds: 0 },
    pace: undefined
  })),
  current: undefined,
  metrics: {}
})

const update = (
  state: ProgressState,
  name: string,
  change: (stage: StageProgress) => Partial<StageProgress>
): ProgressState => {
  const known = state.stages.some(({ stage }) => stage === name)
  const all = known ? state.stages : [...state.stages, ...initial([{ stage: name, steps: 0 }]).stages]
  return { ...state, current: name, stages: all.map((s) => (s.stage === name ? { ...s, ...change(s) } : s)) }
}

const memory = 0.9

/** The state after one more event. A stage that was not planned joins at the end. */
export const next = (state: ProgressState, event: TrainEvent): ProgressState => {
  switch (event._tag) {
    case "StageStarted":
    case "Resumed":
      return { ...update(state, event.stage, () => ({ steps: event.steps, done: event.step })), metrics: {} }
    case "Step": {
      const after = update(state, event.stage, ({ pace, measured }) => ({
        done: event.step,
        measured: { steps: measured.steps + 1, seconds: measured.seconds + event.seconds },
        pace: pace === undefined ? event.seconds : memory * pace + (1 - memory) * event.seconds
      }))
      return { ...after, metrics: event.metrics }
    }
    case "StageFinished":
      return update(state, event.stage, () => ({ done: event.step }))
    default:
      return state
  }
}

/** Seconds until a stage is done, at its pace of late; `undefined` before its first step. */
export const stageSecondsLeft = ({ steps, done, pace }: StageProgress): number | undefined =>
  pace === undefined ? undefined : Math.max(0, steps - done) * pace

/**
 * Seconds until the run is done: each stage at its own pace, and those not yet seen at their planned weight,
 * scaled by how the measured stages compare with theirs. `undefined` before the first step.
 */
export const secondsLeft = ({ stages }: ProgressState): number | undefined => {
  const spent = stages.reduce((sum, { measured }) => sum + measured.seconds, 0)
  const planned = stages.reduce((sum, { measured, weight }) => sum + measured.steps * weight, 0)
  if (planned === 0) return undefined
  return stages.reduce(
    (sum, stage) => sum + (stageSecondsLeft(stage) ?? ((stage.steps - stage.done) * stage.weight * spent) / planned),
    0
  )
}

/** Share of the planned work that is done, in [0, 1]. */
export const fraction = ({ stages }: ProgressState): number => {
  const total = stages.reduce((sum, { steps, weight }) => sum + steps * weight, 0)
  const done = stages.reduce((sum, stage) => sum + Math.min(stage.done, stage.steps) * stage.weight, 0)
  return total === 0 ? 0 : done / total
}
