import { Effect } from "effect"
import { Segment, type SegmentParts } from "../objective/index.ts"
import { chain, scaleUpdates } from "../optim/index.ts"
import { type Expr, gatherElements, Programs, pad, slice } from "../program/index.ts"
import { type Partition, Partitions } from "../reward/index.ts"
import { Tensors } from "../tensor/index.ts"
import type { SegmentCriticChoice } from "./CriticOptions.ts"
import type { Judgement, TokenReadings } from "./Judgement.ts"
import type * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"

/** Columns 0..T-2 moved one to the right: what was before each token. Before the first there is no state, and 0. */
const delayed = (x: Expr): Expr => pad(slice(x, 1, 0, -1), 1, 1, 0)

/** The column of the first token of each segment, at the column of its last: [rows, width] i32, 0 elsewhere. */
const firstColumns = (
  sequences: ReadonlyArray<Sequence.Sequence>,
  partitions: ReadonlyArray<Partition>,
  rows: number,
  width: number
) => {
  const data = new Int32Array(rows * width)
  for (const [row, { prompt }] of sequences.entries()) {
    const { ends } = partitions[row]!
    for (const [k, start] of Partitions.starts(partitions[row]!).entries()) {
      data[row * width + prompt.length + ends[k]!] = prompt.length + start
    }
  }
  return Tensors.i32(data, [rows, width])
}

/** Sums, or means, of the tokens of each segment. */
const overSegments = ({ ends, unitOf }: Partition, tokens: ArrayLike<number>, mean: boolean): ReadonlyArray<number> => {
  const sums = new Array<number>(ends.length).fill(0)
  for (const [t, unit] of unitOf.entries()) sums[unit]! += tokens[t]!
  return mean ? sums.map((sum, k) => sum / (ends[k]! - (ends[k - 1] ?? -1))) : sums
}

/** Values of segments at their last tokens, 0 elsewhere: [T]. */
const atEnds = ({ ends, unitOf }: Partition, values: ReadonlyArray<number>): Float64Array => {
  const tokens = new Float64Array(unitOf.length)
  for (const [k, end] of ends.entries()) tokens[end] = values[k]!
  return tokens
}

const partsOf = (readings: TokenReadings, partition: Partition, options: Segment.ShapingOptions): SegmentParts => {
  const at = (name: string, columns: Int32Array): ReadonlyArray<number> =>
    Array.from(columns, (t) => readings[name]![t]!)
  return Segment.segmentParts(
    {
      g: at("reward", partition.ends),
      before: at("before", Partitions.starts(partition)),
      after: at("after", partition.ends)
    },
    options
  )
}

/**
 * The segment critic: logit f_k - weight · log π_k with f_k = g(e_k) + clamp(γ·H(e_k) - H(s_k - 1)).
 *
 * @param logProbs log π of the tokens of completions under the present policy
 * @see specs/36-adversarial-objectives.md
 */
export const ofSegments = (
  { model, objective, optimiser, partition, segment }: SegmentCriticChoice,
  logProbs: Scorer.Score | undefined
): Judgement => {
  const { logProbWeight = 1, offset = "segment", potentialRate = 1 } = segment
  const critic = Segment.segmentCritic({ ...segment, objective })
  const isHead = (name: string): boolean => name === model.potentialHead
  /** log π of segments, a row a sequence; 0 where it does not count. */
  const segmentLogProbs = (sequences: ReadonlyArray<Sequence.Sequence>) => {
    const partitions = sequences.map(({ completion }) => partition(completion))
    if (logProbWeight === 0 || logProbs === undefined)
      return Effect.succeed(partitions.map(({ ends }): ReadonlyArray<number> => Array.from(ends, () => 0)))
    return Effect.map(logProbs(sequences), (rows) =>
      rows.map((tokens, i) => overSegments(partitions[i]!, tokens, offset === "token"))
    )
  }
  return {
    optimiser:
      potentialRate === 1
        ? optimiser
        : chain(
            optimiser,
            scaleUpdates((name) => (isHead(name) ? potentialRate : 1))
          ),
    readings: ["reward", "before", "after"],
    read: (params, ids) => {
      const { reward, potential } = model.heads(params, ids)
      return { reward, before: delayed(potential), after: potential }
    },
    specs: ({ rows, width }) => ({
      segment_starts: Programs.spec([rows, width], "i32"),
      segment_log_probs: Programs.spec([rows, width])
    }),
    feeds: (sequences, { rows, width }) =>
      Effect.map(segmentLogProbs(sequences), (values) => {
        const partitions = sequences.map(({ completion }) => partition(completion))
        return {
          segment_starts: firstColumns(sequences, partitions, rows, width),
          segment_log_probs: Sequence.overCompletions(
            sequences,
            (row) => atEnds(partitions[row]!, values[row]!),
            rows,
            width
          )
        }
      }),
    loss: ({ reward, before, after }, batch, feeds) =>
      critic.loss({
        ...batch,
        terms: {
          g: reward!,
          before: gatherElements(before!, feeds["segment_starts"]!),
          after: after!,
          logProbs: feeds["segment_log_probs"]!
        }
      }),
    offsets: (sequences) =>
      Effect.map(segmentLogProbs(sequences), (rows) => rows.map((values) => values.map((x) => logProbWeight * x))),
    values: (readings, own) => partsOf(readings, own, segment).f,
    rewards: (readings, own) => {
      const parts = partsOf(readings, own, segment)
      return { units: Segment.segmentRewards(segment.reward, parts, segment.clamp), unitOf: own.unitOf, segment: parts }
    },
    rates: (learningRate) => ({ h_lr: learningRate * potentialRate })
  }
}
