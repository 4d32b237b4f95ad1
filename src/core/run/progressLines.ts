import { fraction, type ProgressState, secondsLeft, stageSecondsLeft } from "./ProgressState.ts"
import { type Screen, styled } from "./Screen.ts"
import type { Metrics } from "./Stage.ts"

/** `7s`, `1:05`, `2:00:09`. */
export const clock = (seconds: number): string => {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  const pad = (n: number): string => String(n).padStart(2, "0")
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`
}

/** `8.3 steps/s`, or `4.1 s/step` where that reads better. */
export const rate = (secondsPerStep: number): string =>
  secondsPerStep > 1
    ? `${secondsPerStep.toFixed(1)} s/step`
    : `${(1 / Math.max(secondsPerStep, 1e-6)).toPrecision(2)} steps/s`

const left = (seconds: number | undefined): string => (seconds === undefined ? "" : `${clock(seconds)} left`)

const figures = (metrics: Metrics): string =>
  Object.entries(metrics)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${Number(value.toPrecision(4))}`]))
    .slice(0, 3)
    .join("  ")

const join = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== "").join("  ")

const bar = (screen: Pick<Screen, "colour">, share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return styled(screen, "cyan", "━".repeat(full)) + styled(screen, "dim", "─".repeat(width - full))
}

const parts = (state: ProgressState) => {
  const index = state.stages.findIndex(({ stage }) => stage === state.current)
  const stage = state.stages[index]
  const overall = join(
    `${Math.floor(fraction(state) * 100)}%`,
    `stage ${index + 1} of ${state.stages.length}`,
    left(secondsLeft(state))
  )
  if (stage === undefined) return { overall, stage, detail: "" }
  const pace = stage.pace === undefined ? "" : rate(stage.pace)
  return {
    overall,
    stage,
    detail: join(`${stage.done}/${stage.steps}`, pace, left(stageSecondsLeft(stage)), figures(state.metrics))
  }
}

/** As many parts of a text as fit: half a number would be another number. */
const fitting = (text: string, room: number): string => {
  const whole = text.split("  ")
  while (whole.length > 0 && whole.join("  ").length > room) whole.pop()
  return whole.join("  ")
}

/**
 * Two lines for a terminal, each of at most `columns` characters: the run as a whole and the stage under way, each
 * with its bar and time left. Empty before the first event.
 */
export const progressLines = (
  state: ProgressState,
  screen: Pick<Screen, "colour">,
  columns: number
): ReadonlyArray<string> => {
  const { overall, stage, detail } = parts(state)
  if (stage === undefined || columns < 3) return []
  const name = Math.min(Math.max("overall".length, stage.stage.length), columns - 3)
  const width = Math.min(24, columns - name - 4 - 45)
  const line = (label: string, share: number, text: string): string => {
    const drawn = width < 5 ? "" : `${bar(screen, share, width)}  `
    const room = columns - 1 - name - 2 - (width < 5 ? 0 : width + 2)
    return `${styled(screen, "bold", label.slice(0, name).padEnd(name))}  ${drawn}${fitting(text, room)}`
  }
  return [
    line("overall", fraction(state), overall),
    line(stage.stage, stage.steps === 0 ? 1 : stage.done / stage.steps, detail)
  ]
}

/** The same as one line for a log. */
export const progressLine = (state: ProgressState): string => {
  const { overall, stage, detail } = parts(state)
  return stage === undefined ? "" : `${stage.stage}  ${detail}  |  overall ${overall}`
}
