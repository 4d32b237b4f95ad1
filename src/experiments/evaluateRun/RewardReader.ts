import { Effect, Result } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import {
  type RewardModel,
  RewardModels,
  Scorer,
  type SegmentModel,
  type Sequence,
  Units,
  verifierHead
} from "../../core/learner/index.ts"
import { RewardForms, Segment } from "../../core/objective/index.ts"
import { residentParams } from "../../core/optim/index.ts"
import { pad, slice } from "../../core/program/index.ts"
import { type Granularity, Partitions } from "../../core/reward/index.ts"
import { Backend } from "../../core/service/index.ts"
import { BadModelFolder } from "../models/index.ts"
import { type Head, headOf, type WholeModel } from "./wholeModel.ts"

/** How a reward model is read, beside its weights. */
export interface RewardReading {
  /** What carries a reward, counted from the completion's first token. */
  readonly granularity: Granularity
  /** Rewards are clamped to this range. */
  readonly clamp?: readonly [low: number, high: number]
  /** How segment critics shape and reward. */
  readonly segment: Segment.ShapingOptions & { readonly reward: Segment.SegmentReward }
}

/** The columns of a scored row. */
export type RewardColumns = Pick<
  ResultRow,
  "reward_model_score" | "reward_unit_ends" | "reward_kind" | "reward_model_checkpoint" | "reward_segments"
>

/** A reward model that is ready to read completions. */
export interface RewardReader {
  readonly model: WholeModel
  readonly head: Head
  readonly kind: string
  readonly rewards: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<RewardColumns>, Scorer.ScoreError>
}

const finite = (values: Iterable<number>): ReadonlyArray<number | null> =>
  Array.from(values, (x) => (Number.isFinite(x) ? x : null))

/** A model as a function that builds programs, one with two heads where it is a segment critic's. */
const modelOf = (head: Head, { model: { config }, params }: WholeModel): RewardModel | SegmentModel => {
  const options = { config, seed: 0, trunk: params }
  if (head === "segment") return RewardModels.segmentHeads(options)
  if (head === "scalar") return RewardModels.scalarHead(options)
  const layers = Object.keys(params).flatMap((name) => /^verifier\/model\.layers\.(\d+)\./.exec(name)?.[1] ?? [])
  return verifierHead({ ...options, layers: new Set(layers).size })
}

/**
 * Reads a reward model into a memory of its own. Non-finite rewards are null and keep their place; a segment critic's
 * rows hold their segments, both ends inclusive.
 */
export const make = Effect.fnUntraced(function* (whole: WholeModel, reading: RewardReading) {
  const head = Result.getOrThrow(headOf(whole.params))
  const { granularity, clamp } = reading
  const critic = modelOf(head, whole)
  const all = { ...critic.params, ...critic.frozen }
  const missing = Object.keys(all).find((name) => whole.params[name] === undefined)
  if (missing !== undefined)
    return yield* new BadModelFolder({
      file: whole.folder,
      reason: `it lacks ${missing}. Give the run that made it: a head over a policy's base is read with that base.`
    })
  const memory = yield* (yield* Backend).memory
  yield* memory.write(residentParams(Object.fromEntries(Object.keys(all).map((name) => [name, whole.params[name]!]))))
  const partition = Units.partitioner(granularity, whole.model.tokenizer)
  const kind = `${head} ${granularity.name}`
  const columns = { reward_kind: kind, reward_model_checkpoint: whole.folder }
  const shown = (units: ReadonlyArray<number>, ends: Int32Array, unitOf: Int32Array) => ({
    ...columns,
    reward_model_score: finite(Units.overTokens({ units, unitOf })),
    reward_unit_ends: Array.from(ends)
  })

  if ("heads" in critic) {
    const read = yield* Scorer.readings({
      memory,
      params: all,
      frozen: true,
      read: (tree, ids) => {
        const { reward, potential } = critic.heads(tree, ids)
        return { g: reward, before: pad(slice(potential, 1, 0, -1), 1, 1, 0), after: potential }
      }
    })
    const rewards: RewardReader["rewards"] = (sequences) =>
      Effect.map(read(sequences), (rows) =>
        rows.map(({ g, before, after }, i) => {
          const own = partition(sequences[i]!.completion)
          const at = (values: Float64Array, places: Int32Array) => Array.from(places, (t) => values[t]!)
          const starts = Partitions.starts(own)
          const parts = Segment.segmentParts(
            { g: at(g, own.ends), before: at(before, starts), after: at(after, own.ends) },
            reading.segment
          )
          const units = Segment.segmentRewards(reading.segment.reward, parts, clamp)
          const number = (x: number) => (Number.isFinite(x) ? x : null)
          const segments = units.map((value, k) => ({
            start: starts[k]!,
            end: own.ends[k]!,
            value: number(value),
            g: number(parts.g[k]!),
            shape: number(parts.f[k]! - parts.g[k]!),
            f: number(parts.f[k]!)
          }))
          return { ...shown(units, own.ends, own.unitOf), reward_segments: segments }
        })
      )
    return { model: whole, head, kind, rewards } satisfies RewardReader
  }
  const form = RewardForms.scaled(RewardForms.logit, clamp === undefined ? {} : { clamp })
  const score = yield* Scorer.rewards(critic, memory, { frozen: true })
  const rewards: RewardReader["rewards"] = (sequences) =>
    Effect.map(score(sequences), (rows) =>
      rows.map((logits, i) => {
        const own = partition(sequences[i]!.completion)
        return shown(Units.atUnits(own, logits).units.map(form.reward), own.ends, own.unitOf)
      })
    )
  return { model: whole, head, kind, rewards } satisfies RewardReader
})
