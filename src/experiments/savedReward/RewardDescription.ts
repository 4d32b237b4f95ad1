import { Schema } from "effect"
import { type RewardForm, RewardForms, Segment } from "../../core/objective/index.ts"
import { Granularities, type Granularity } from "../../core/reward/index.ts"
import { granularityNamed } from "./granularityNames.ts"

const positive = Schema.Finite.check(Schema.isGreaterThan(0))
const tokens = Schema.Int.check(Schema.isGreaterThan(0))

/** What the segments of a segment critic are worth. */
const SegmentDescription = Schema.Struct({
  gamma: Schema.Finite,
  shape_clamp: Schema.NullOr(positive),
  reward: Schema.Literals(["mean_g", "mean_f", "mean_g_plus_shape"]),
  lambda: Schema.Finite
})

/**
 * How the outputs of a reward model become rewards, as a value that can be written down. Everything counts from the
 * completion's first token; it acts in scoring only.
 */
export const RewardDescription = Schema.Struct({
  /** Which tokens carry a reward, by the name of a granularity: `stepwise(lines)`. */
  granularity: Schema.String.check(
    Schema.makeFilter((name) =>
      granularityNamed(name) === undefined
        ? "is no granularity that is known by name: sparse, dense, stepwise(sentences), stepwise(lines), interval(N), segments(..., N)"
        : undefined
    )
  ),
  /** What a logit is worth. */
  form: Schema.Literals(["logit", "log_ratio", "gail", "log_expert"]),
  /** Divides the logits. */
  temperature: positive,
  /** Rewards are clamped to this range. */
  clamp: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
  /** Of segment critics alone. */
  segment: Schema.NullOr(SegmentDescription),
  /** The last tokens of a prompt and the first ones of a completion that it reads; null for all that its context holds. */
  window: Schema.NullOr(Schema.Struct({ prompt: tokens, completion: tokens }))
})
export type RewardDescription = typeof RewardDescription.Type

/** A logit at the end of each sentence: how a reward model is read of which nothing else is known. */
export const plain: RewardDescription = {
  granularity: Granularities.stepwise().name,
  form: "logit",
  temperature: 1,
  clamp: null,
  segment: null,
  window: null
}

/** What segments are worth where nothing else is said: f with γ = 1. */
export const plainSegments: NonNullable<RewardDescription["segment"]> = {
  gamma: 1,
  shape_clamp: null,
  reward: "mean_f",
  lambda: 1
}

/** How a reward model is read, beside its weights. */
export interface RewardReading {
  /** What carries a reward. */
  readonly granularity: Granularity
  /** From a logit to a reward: form, temperature and clamp in one. */
  readonly form: RewardForm
  /** The clamp alone, for the values of segments. */
  readonly clamp?: readonly [low: number, high: number]
  /** How segment critics shape and reward. */
  readonly segment: Segment.ShapingOptions & { readonly reward: Segment.SegmentReward }
  /** The part of a trace that is read; all by default. */
  readonly window?: { readonly prompt: number; readonly completion: number }
}

const forms = {
  logit: RewardForms.logit,
  log_ratio: RewardForms.logRatio,
  gail: RewardForms.gail,
  log_expert: RewardForms.logExpert
} as const

const segmentReward = ({ reward, lambda }: NonNullable<RewardDescription["segment"]>): Segment.SegmentReward =>
  ({ mean_g: Segment.rewardG, mean_f: Segment.rewardF, mean_g_plus_shape: Segment.rewardGPlusShape(lambda) })[reward]

/** The reading that a description means. @throws RangeError on a granularity that no name is known of */
export const readingOf = (description: RewardDescription): RewardReading => {
  const { form, temperature, clamp, window, segment } = description
  const granularity = granularityNamed(description.granularity)
  if (granularity === undefined) throw new RangeError(`No granularity is called ${description.granularity}.`)
  const { gamma, shape_clamp, ...worth } = segment ?? plainSegments
  const range = clamp === null ? {} : { clamp }
  return {
    granularity,
    form: RewardForms.scaled(forms[form], { temperature, ...range }),
    ...range,
    segment: {
      gamma,
      ...(shape_clamp === null ? {} : { shapeClamp: shape_clamp }),
      reward: segmentReward({ gamma, shape_clamp, ...worth })
    },
    ...(window === null ? {} : { window })
  }
}

/** Fields in which two descriptions differ, with the value of each. */
export interface Difference {
  readonly field: keyof RewardDescription
  readonly saved: string
  readonly asked: string
}

/** Where what is asked for departs from what was saved; in words, so that it can be said. */
export const differences = (saved: RewardDescription, asked: RewardDescription): ReadonlyArray<Difference> =>
  Object.keys(plain).flatMap((name) => {
    const field = name as keyof RewardDescription
    const [a, b] = [saved[field], asked[field]].map((value) =>
      typeof value === "string" ? value : JSON.stringify(value)
    )
    return a === b ? [] : [{ field, saved: a!, asked: b! }]
  })

/** A departure in a sentence. */
export const describeDifference = ({ field, saved, asked }: Difference): string =>
  `${field}: this reward was saved with ${saved}, and is read with ${asked}, as it was asked for.`
