import { Effect } from "effect"
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
import { Granularities, type Partition, Partitions } from "../../core/reward/index.ts"
import { Backend } from "../../core/service/index.ts"
import { BadModelFolder } from "../models/index.ts"
import type { RewardReading } from "../savedReward/index.ts"
import { fitsContext } from "./traceTokens.ts"
import type { Head, WholeReward } from "./wholeModel.ts"

/** The columns of a scored row. */
export type RewardColumns = Pick<
  ResultRow,
  | "reward_model_score"
  | "reward_unit_ends"
  | "reward_kind"
  | "reward_model_checkpoint"
  | "reward_model_weights"
  | "reward_segments"
>

/** A reward model that is ready to read completions. */
export interface RewardReader {
  readonly model: WholeReward
  readonly head: Head
  readonly kind: string
  /** Whether every token has a reward of its own. */
  readonly everyToken: boolean
  /** Whether the model can read what it should of a trace. What is too long stays unread, never cut beyond the window. */
  readonly fits: (sequence: Sequence.Sequence) => boolean
  /** How many tokens of a completion lie beyond the window, and are not read. */
  readonly beyondWindow: (sequence: Sequence.Sequence) => number
  readonly rewards: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<RewardColumns>, Scorer.ScoreError>
}

const finite = (values: Iterable<number>): ReadonlyArray<number | null> =>
  Array.from(values, (x) => (Number.isFinite(x) ? x : null))

/** A model as a function that builds programs, one with two heads where it is a segment critic's. */
const modelOf = (head: Head, { model: { config }, params }: WholeReward): RewardModel | SegmentModel => {
  const options = { config, seed: 0, trunk: params }
  if (head === "segment") return RewardModels.segmentHeads(options)
  if (head === "scalar") return RewardModels.scalarHead(options)
  const layers = Object.keys(params).flatMap((name) => /^verifier\/model\.layers\.(\d+)\./.exec(name)?.[1] ?? [])
  return verifierHead({ ...options, layers: new Set(layers).size })
}

/** The part of a trace that a window shows: the end of the prompt and the beginning of the completion. */
const seenThrough = ({ window }: RewardReading, { prompt, completion }: Sequence.Sequence): Sequence.Sequence =>
  window === undefined
    ? { prompt, completion }
    : { prompt: prompt.slice(-window.prompt), completion: completion.slice(0, window.completion) }

/** A kind in words: what reads, what carries a reward, and what a logit is worth where that is not itself. */
const kindOf = (head: Head, { granularity, form, clamp }: RewardReading): string => {
  const worth = RewardForms.scaled(RewardForms.logit, clamp === undefined ? {} : { clamp }).name
  return `${head} ${granularity.name}${form.name === worth ? "" : `, ${form.name}`}`
}

/**
 * Reads a reward model into a memory of its own. Non-finite rewards, and those of tokens beyond the window, are null and
 * keep their place; a segment critic's rows hold their segments, both ends inclusive.
 */
export const make = Effect.fnUntraced(function* (whole: WholeReward, reading: RewardReading) {
  const { head } = whole
  const { granularity, form, clamp } = reading
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
  const kind = kindOf(head, reading)
  const columns = { reward_kind: kind, reward_model_checkpoint: whole.folder, reward_model_weights: whole.weights }
  const seen = (sequence: Sequence.Sequence) => seenThrough(reading, sequence)
  const beyondWindow: RewardReader["beyondWindow"] = (sequence) =>
    sequence.completion.length - seen(sequence).completion.length
  const own = {
    ...{ model: whole, head, kind, beyondWindow, everyToken: granularity.name === Granularities.dense.name },
    fits: (sequence: Sequence.Sequence) => fitsContext(seen(sequence), whole.model.config.max_position_embeddings)
  }
  const shown = (units: ReadonlyArray<number>, { ends, unitOf }: Partition, { completion }: Sequence.Sequence) => ({
    ...columns,
    reward_model_score: [
      ...finite(Units.overTokens({ units, unitOf })),
      ...new Array<null>(completion.length - unitOf.length).fill(null)
    ],
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
    const rewards: RewardReader["rewards"] = (sequences) => {
      const traces = sequences.map(seen)
      return Effect.map(read(traces), (rows) =>
        rows.map(({ g, before, after }, i) => {
          const cut = partition(traces[i]!.completion)
          const at = (values: Float64Array, places: Int32Array) => Array.from(places, (t) => values[t]!)
          const starts = Partitions.starts(cut)
          const parts = Segment.segmentParts(
            { g: at(g, cut.ends), before: at(before, starts), after: at(after, cut.ends) },
            reading.segment
          )
          const units = Segment.segmentRewards(reading.segment.reward, parts, clamp)
          const number = (x: number) => (Number.isFinite(x) ? x : null)
          const segments = units.map((value, k) => ({
            start: starts[k]!,
            end: cut.ends[k]!,
            value: number(value),
            g: number(parts.g[k]!),
            shape: number(parts.f[k]! - parts.g[k]!),
            f: number(parts.f[k]!)
          }))
          return { ...shown(units, cut, sequences[i]!), reward_segments: segments }
        })
      )
    }
    return { ...own, rewards } satisfies RewardReader
  }
  const score = yield* Scorer.rewards(critic, memory, { frozen: true })
  const rewards: RewardReader["rewards"] = (sequences) => {
    const traces = sequences.map(seen)
    return Effect.map(score(traces), (rows) =>
      rows.map((logits, i) => {
        const cut = partition(traces[i]!.completion)
        return shown(Units.atUnits(cut, logits).units.map(form.reward), cut, sequences[i]!)
      })
    )
  }
  return { ...own, rewards } satisfies RewardReader
})
