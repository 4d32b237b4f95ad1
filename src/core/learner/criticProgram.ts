import type { DiscriminatorBatch, Slopes } from "../objective/index.ts"
import type { Loss, Specs, Tree } from "../optim/index.ts"
import { Programs } from "../program/index.ts"
import type { CriticOptions } from "./CriticOptions.ts"
import { pointSpecs, slopesOf } from "./criticPoints.ts"
import type { Judgement } from "./Judgement.ts"
import type { BatchShape } from "./Trainer.ts"

/** A critic's loss in two parts: what is read of traces, a row at a time, and the loss as a function of that. */
export interface CriticProgram {
  /** Feeds of reading: a row a trace, or a row a point between traces. */
  readonly traceSpecs: (shape: BatchShape) => Specs
  /** What is read, with as many rows. */
  readonly readingSpecs: (shape: BatchShape) => Specs
  /** Feeds of the loss. */
  readonly unitSpecs: (shape: BatchShape) => Specs
  readonly read: (params: Tree, traces: Tree) => Tree
  readonly loss: (readings: Tree, units: Tree) => Loss
}

const slopesIn = ({ norms, counted }: Tree): { readonly slopes?: Slopes } =>
  norms === undefined || counted === undefined ? {} : { slopes: { norms, counted } }

/** The program of a critic: the logits' part is its kind's, the slopes' is all critics'. */
export const criticProgram = ({ model, objective }: CriticOptions, judgement: Judgement): CriticProgram => {
  const { pairs, slopes: sloped = false } = objective.needs ?? {}
  const { embedded } = model
  return {
    traceSpecs: ({ rows, width, points = 0 }) => ({
      ids: Programs.spec([rows, width], "i32"),
      ...(sloped ? pointSpecs(points, width) : {})
    }),
    readingSpecs: ({ rows, width, points = 0 }) => ({
      ...Object.fromEntries(judgement.readings.map((name) => [name, Programs.spec([rows, width])])),
      ...(sloped ? { norms: Programs.spec([points, 1]), counted: Programs.spec([points, 1]) } : {})
    }),
    unitSpecs: (shape) => ({
      expert: Programs.spec([shape.rows, shape.width]),
      policy: Programs.spec([shape.rows, shape.width]),
      ...(pairs === undefined ? {} : { pairs: Programs.spec([shape.rows, shape.rows]) }),
      ...judgement.specs(shape)
    }),
    read: (params, traces) => ({
      ...judgement.read(params, traces["ids"]!),
      ...(sloped && embedded !== undefined ? slopesOf(embedded, params, traces) : {})
    }),
    loss: (readings, units) => {
      const { expert, policy, pairs: met } = units
      const batch: Omit<DiscriminatorBatch, "logits"> = {
        expert: expert!,
        policy: policy!,
        ...(met === undefined ? {} : { pairs: met }),
        ...slopesIn(readings)
      }
      return judgement.loss(readings, batch, units)
    }
  }
}
