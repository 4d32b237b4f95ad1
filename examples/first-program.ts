// The loss of a discriminator and its gradient, as one program on the reference backend.
// Run: node --conditions=source examples/first-program.ts
import { Console, Effect } from "effect"
import { Objective, Program, Service, Tensor, Transform } from "rewardflow"
import { Reference } from "rewardflow/reference"

const { Programs, Steps } = Program
const units = Programs.spec([2, 3]) // two traces of three tokens; weights say which tokens end a unit of which class
const program = Programs.build({ logits: units, expert: units, policy: units }, (batch) => {
  const { loss } = Objective.Discriminator.bce({ labelSmoothing: 0.1 }).loss(batch)
  return { loss, slope: Transform.grad(loss, [batch.logits])[0]! }
})
const rows = (...values: ReadonlyArray<number>) => Tensor.Tensors.f32(values, [2, 3])
const feeds = { logits: rows(0, 2, 0, 0, 0, 1), expert: rows(0, 1, 0, 0, 0, 0), policy: rows(0, 0, 0, 0, 0, 1) }

export const main = Effect.gen(function* () {
  const step = yield* (yield* Service.Backend).compile(Steps.stateless(yield* Effect.fromResult(program)))
  const { loss, slope } = yield* step.run(feeds)
  yield* Console.log(`loss ${loss!.data[0]!.toFixed(4)}, gradient ${Array.from(slope!.data, (x) => x.toFixed(3))}`)
}).pipe(Effect.scoped, Effect.provide(Reference.layer)) // swap the backend here: Onnx.cpu from "rewardflow/onnx"

if (import.meta.main) await Effect.runPromise(main)
