/**
 * A learning rate as a pure function of the number of updates already applied: the first update uses `schedule(0)`.
 *
 * @see specs/06-optimisers.md, section 3
 */
export type Schedule = (step: number) => number

export interface Decay {
  /** Highest learning rate, reached at the end of the warm-up. */
  readonly peak: number
  /** Updates over which the rate rises linearly from 0; 0 by default. The very first of them has rate 0. */
  readonly warmupSteps?: number
  /** Updates after which the rate is 0 and stays there, warm-up included. */
  readonly totalSteps: number
}

/** The rate rises linearly from 0 over the warm-up, and then follows `after`, which still counts from the start. */
export const warmup =
  (steps: number, peak: number, after: Schedule): Schedule =>
  (step) =>
    step < steps ? (peak * step) / steps : after(step)

/** One rate for ever. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate

const progress = (step: number, { warmupSteps = 0, totalSteps }: Decay): number =>
  Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps))

/** Linear warm-up, then a straight line to 0 at `totalSteps`. */
export const linear = (decay: Decay): Schedule =>
  warmup(decay.warmupSteps ?? 0, decay.peak, (step) => decay.peak * (1 - progress(step, decay)))

/** Linear warm-up, then half a cosine wave from the peak to 0 at `totalSteps` (Loshchilov & Hutter 2017). */
export const cosine = (decay: Decay): Schedule =>
  warmup(
    decay.warmupSteps ?? 0,
    decay.peak,
    (step) => (decay.peak * (1 + Math.cos(Math.PI * progress(step, decay)))) / 2
  )
