import { Effect } from "effect"
import type { Job } from "./jobs.ts"
import type { Side, SideFailed, Timing } from "./Side.ts"

/** The middle of the sorted numbers; the mean of the two middle ones of an even count. */
export const median = (xs: ReadonlyArray<number>): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** What alternating rounds of two sides gave. */
export interface Comparison {
  /** Median time of one repetition. */
  readonly oursMs: number
  readonly peerMs: number | null
  /** Median of the rounds' ratios ours/peer: a load that slows a whole round down does not change its ratio. */
  readonly ratio: number | null
  readonly peakBytes: number
  readonly peerPeakBytes: number | null
}

/** A round of one side lasts about this long, so that the clock's grain does not show. */
const roundMs = 200

/** Threads that wait by spinning give the cores up in this time. */
const pause = Effect.sleep("20 millis")

/** Runs a job on both sides in turn. The first, uncounted repetitions warm up and tell how many fill a round. */
export const compareSides = (
  job: Job,
  { ours, peer, rounds }: { readonly ours: Side; readonly peer: Side | undefined; readonly rounds: number }
): Effect.Effect<Comparison, SideFailed> =>
  Effect.gen(function* () {
    const sides = [ours, ...(peer === undefined ? [] : [peer])]
    const times = yield* Effect.forEach(sides, (side) =>
      Effect.gen(function* () {
        yield* side.prepare(job)
        yield* side.run(2)
        const { ms } = yield* side.run(1)
        return Math.max(1, Math.min(50, Math.round(roundMs / ms)))
      })
    )
    const timings: Array<ReadonlyArray<Timing>> = []
    for (let round = 0; round < rounds; round++) {
      // Who goes first alternates too.
      const order = round % 2 === 0 ? [...sides.keys()] : [...sides.keys()].reverse()
      const timed: Array<Timing> = []
      for (const i of order) {
        yield* pause
        timed[i] = yield* sides[i]!.run(times[i]!)
      }
      timings.push(timed)
    }
    const of = (i: number, what: keyof Timing) => timings.map((t) => t[i]![what])
    return {
      oursMs: median(of(0, "ms")),
      peerMs: peer === undefined ? null : median(of(1, "ms")),
      ratio: peer === undefined ? null : median(timings.map((t) => t[0]!.ms / t[1]!.ms)),
      peakBytes: Math.max(...of(0, "peakBytes")),
      peerPeakBytes: peer === undefined ? null : Math.max(...of(1, "peakBytes"))
    }
  })
