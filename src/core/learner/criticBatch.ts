import { Rng } from "../tensor/index.ts"
import type { CriticOptions } from "./CriticOptions.ts"
import * as Replay from "./Replay.ts"
import type { Sequence } from "./Sequence.ts"
import * as Units from "./Units.ts"

/** A trace and what the critic is told about it. */
export interface Labelled {
  readonly sequence: Sequence
  readonly source: Units.Source
}

/** A trace of a batch. */
export interface CriticRow extends Labelled {
  /** Row of the demonstration that it comes with; its own for a demonstration. */
  readonly beside: number
}

type Group = ReadonlyArray<Labelled>

const inert: Labelled = { sequence: { prompt: [0], completion: [] }, source: { _tag: "Rollout" } }

/** Draws until a perturbation changes something: one that leaves the ids as they were would call the expert wrong. */
const ATTEMPTS = 32

type Drawing = Pick<CriticOptions, "demonstrations" | "batch" | "perturb">

/** A demonstration and its perturbed versions. */
const perturbedGroup = ({ demonstrations, perturb, batch }: Drawing, rng: Rng.Rng): Group => {
  const versions = batch.versions ?? 1
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const index = Rng.int(rng, demonstrations.length)
    const demonstration = demonstrations[index]!
    const changed = Array.from({ length: versions }, (): ReadonlyArray<Labelled> => {
      const completion = perturb?.(rng, index)
      const first = completion === undefined ? undefined : Units.firstChanged(demonstration.completion, completion)
      if (completion === undefined || first === undefined) return []
      return [
        {
          sequence: { prompt: demonstration.prompt, completion },
          source: { _tag: "Perturbed", firstChanged: first }
        }
      ]
    }).flat()
    if (changed.length === 0) continue
    const missing = Array.from({ length: versions - changed.length }, () => inert)
    return [{ sequence: demonstration, source: { _tag: "Demonstration" } }, ...changed, ...missing]
  }
  return Array.from({ length: 1 + versions }, () => inert)
}

/** Rows of a batch that are negatives, or stand where one would: all but the demonstrations. */
export const negativeRows = ({ batch, perturb }: Drawing, rows: number): number => {
  const versions = batch.versions ?? 1
  const groups = perturb === undefined ? 0 : batch.perturbed
  return (rows - groups * (1 + versions)) / 2 + groups * versions
}

/** Rows of a batch, once there are rollouts. */
export const rowCount = ({ batch, perturb }: Drawing): number =>
  2 * batch.rollouts + (perturb === undefined ? 0 : batch.perturbed * (1 + (batch.versions ?? 1)))

/** The traces of one update: a demonstration, then the negatives that come with it, and so on. */
export const drawBatch = (options: Drawing, replay: Replay.Replay, rng: Rng.Rng): ReadonlyArray<CriticRow> => {
  const { demonstrations, batch, perturb } = options
  const negatives = Replay.draw(rng, replay, batch.rollouts, batch.freshShare)
  const pairs = negatives.map((rollout): Group => {
    const own = demonstrations[rollout.demonstration] ?? Rng.pick(rng, demonstrations)
    return [
      { sequence: own, source: { _tag: "Demonstration" } },
      { sequence: rollout, source: { _tag: rollout.switched === true ? "Switched" : "Rollout" } }
    ]
  })
  const groups =
    perturb === undefined ? [] : Array.from({ length: batch.perturbed }, () => perturbedGroup(options, rng))
  let next = 0
  return [...pairs, ...groups].flatMap((group) => {
    const beside = next
    next += group.length
    return group.map((labelled): CriticRow => ({ ...labelled, beside }))
  })
}
