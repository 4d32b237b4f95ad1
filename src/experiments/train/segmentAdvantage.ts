import type { RunConfig } from "../../core/config/index.ts"
import { Advantage, type AdvantageEstimator } from "../../core/objective/index.ts"

type Local = Pick<
  RunConfig["model"],
  "use_segment_local_advantage" | "lambda_local" | "local_signal" | "clipped_delta_f_min" | "clipped_delta_f_max"
>

/** The rise of f within bounds of one's own; the first segment has none. */
const clippedDelta = (low: number, high: number) => ({
  name: `clipped_delta_f in [${low}, ${high}]`,
  sign: 1 as const,
  of: ({ f }: { readonly f: ReadonlyArray<number> }) =>
    f.map((value, k) => Math.min(high, Math.max(low, value - (f[k - 1] ?? value))))
})

const signalOf = (model: Local) => {
  switch (model.local_signal) {
    case "g":
      return Advantage.LocalSignals.g
    case "drop_f":
      return Advantage.LocalSignals.dropF
    case "clipped_delta_f":
      return clippedDelta(model.clipped_delta_f_min, model.clipped_delta_f_max)
  }
}

/** Advantages of segments that each count for their own tokens. @see specs/31-advantages.md */
export const segmentAdvantage = (model: Local): AdvantageEstimator =>
  Advantage.segmentLocal(
    model.use_segment_local_advantage ? { local: { signal: signalOf(model), weight: model.lambda_local } } : {}
  )
