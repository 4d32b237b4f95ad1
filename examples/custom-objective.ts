// A discriminator objective of one's own: hinge losses around a margin in place of cross-entropy.
// Run: node --conditions=source examples/custom-objective.ts
import { Console, Effect } from "effect"
import { Objective, Program, Service, Tensor, Transform } from "rewardflow"
import { Reference } from "rewardflow/reference"

const { add, neg, Programs, relu, Steps, sub } = Program
const { weightedMean } = Objective.Reduce

/** mean over expert units of (m - f)⁺ plus mean over policy units of (m + f)⁺; parts of a batch add up to the whole. */
export const hinge = (margin: number): Objective.DiscriminatorObjective => ({
  name: `hinge(${margin})`,
  loss: ({ logits, expert, policy, totals }) => {
    const positive = weightedMean(relu(sub(margin, logits)), expert, totals?.expert)
    const negative = weightedMean(relu(sub(margin, neg(logits))), policy, totals?.policy)
    return { loss: add(positive, negative), metrics: { hinge_pos: positive, hinge_neg: negative } }
  }
})

export const main = Effect.gen(function* () {
  const units = Programs.spec([1, 3]) // one trace of three units: two of the expert, one of the policy
  const program = Programs.build({ logits: units, expert: units, policy: units }, (batch) => {
    const { loss } = hinge(1).loss(batch)
    return { loss, slope: Transform.grad(loss, [batch.logits])[0]! }
  })
  const step = yield* (yield* Service.Backend).compile(Steps.stateless(yield* Effect.fromResult(program)))
  const row = (...values: ReadonlyArray<number>) => Tensor.Tensors.f32(values, [1, 3])
  const { loss, slope } = yield* step.run({ logits: row(0.5, 2, -0.25), expert: row(1, 1, 0), policy: row(0, 0, 1) })
  yield* Console.log(`loss ${loss!.data[0]}, gradient ${Array.from(slope!.data).join(" ")}`)
}).pipe(Effect.scoped, Effect.provide(Reference.layer))

if (import.meta.main) await Effect.runPromise(main)
