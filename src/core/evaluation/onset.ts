/** When a signal of deltas first stands out, relative to the edit. */
export interface Onset {
  /** Places from the edit to the first run from it on; `undefined` where none comes. */
  readonly lag: number | undefined
  /** Whether a run began before the edit. */
  readonly falseAlarm: boolean
  /** What a place must exceed to belong to a run. */
  readonly threshold: number
}

const firstRun = (over: ReadonlyArray<boolean>, from: number, to: number, length: number): number | undefined => {
  let run = 0
  for (let t = from; t < to; t++) {
    run = over[t] === true ? run + 1 : 0
    if (run === length) return t - length + 1
  }
  return undefined
}

/**
 * The first run of `length` places above max(1, mean + σ of the deltas before the edit). A run that lies wholly before
 * the edit is a false alarm; without places before it there can be none, and the threshold is 1.
 *
 * @param deltas stabilised, one a place   @param edit first edited place   @param length default 3
 */
export const onset = (deltas: ReadonlyArray<number>, edit: number, length = 3): Onset => {
  const before = deltas.slice(0, edit).filter(Number.isFinite)
  const mean = before.reduce((a, b) => a + b, 0) / before.length
  const spread = Math.sqrt(before.reduce((s, x) => s + (x - mean) ** 2, 0) / before.length)
  const threshold = before.length === 0 ? 1 : Math.max(1, mean + spread)
  const over = deltas.map((x) => x > threshold)
  const start = firstRun(over, edit, deltas.length, length)
  return {
    lag: start === undefined ? undefined : start - edit,
    falseAlarm: firstRun(over, 0, edit, length) !== undefined,
    threshold
  }
}

/** Of many traces: how often the edit is noticed, how late, and how often something before it is. */
export interface OnsetSummary {
  readonly detectionRate: number | undefined
  readonly meanLag: number | undefined
  readonly falseAlarmRate: number | undefined
  readonly traces: number
}

/** Rates over traces; the lag over those where the edit is noticed. */
export const summariseOnsets = (onsets: ReadonlyArray<Onset>): OnsetSummary => {
  const share = (of: (o: Onset) => boolean): number | undefined =>
    onsets.length === 0 ? undefined : onsets.filter(of).length / onsets.length
  const lags = onsets.flatMap(({ lag }) => (lag === undefined ? [] : [lag]))
  return {
    detectionRate: share(({ lag }) => lag !== undefined),
    meanLag: lags.length === 0 ? undefined : lags.reduce((a, b) => a + b, 0) / lags.length,
    falseAlarmRate: share(({ falseAlarm }) => falseAlarm),
    traces: onsets.length
  }
}

/** Share of the positive deltas that lies near the edit, and that less chance, over one less chance. */
export interface LocalisedMass {
  readonly share: number
  readonly normalised: number | undefined
}

/**
 * The local drop mass: Σ max(0, δ) near the edit / Σ max(0, δ). Without a positive delta it is the share of near places.
 *
 * @param near [T] whether a place lies within the window
 */
export const localDropMass = (deltas: ReadonlyArray<number>, near: ReadonlyArray<boolean>): LocalisedMass => {
  const positive = deltas.map((x) => (Number.isFinite(x) ? Math.max(0, x) : 0))
  const total = positive.reduce((a, b) => a + b, 0)
  const chance = near.filter(Boolean).length / near.length
  const share = total > 0 ? positive.reduce((s, x, t) => s + (near[t] === true ? x : 0), 0) / total : chance
  return { share, normalised: chance < 1 ? (share - chance) / (1 - chance) : undefined }
}
