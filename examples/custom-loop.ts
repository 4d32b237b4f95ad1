// A training loop of one's own: fit a reward to pairs of traces by a Bradley-Terry loss, on any backend.
// Run: node --conditions=source examples/custom-loop.ts
import { Console, Effect } from "effect"
import { Learner, Optim, Program, Tensor } from "rewardflow"
import { Reference } from "rewardflow/reference"

const { matMul, mean, Programs, reshape, softplus, sub } = Program
const { Rng, Tensors } = Tensor
const truth = [2, -1, 0.5, 0] // what each feature of a trace is worth
const D = truth.length
const worth = (x: ReadonlyArray<number>) => x.reduce((s, v, j) => s + v * truth[j]!, 0)

/** n pairs of traces as feature rows, the better one first. */
const pairs = (rng: Tensor.Rng.Rng, n: number) => {
  const trace = () => Array.from({ length: D }, () => Rng.normal(rng))
  const sorted = Array.from({ length: n }, () => [trace(), trace()].sort((a, b) => worth(b) - worth(a)))
  const rows = (k: number) => sorted.flatMap((pair) => pair[k]!)
  return { chosen: Tensors.f32(rows(0), [n, D]), rejected: Tensors.f32(rows(1), [n, D]) }
}

export const main = Effect.gen(function* () {
  const trainer = yield* Learner.Trainer.make({
    params: { weight: Programs.spec([D]) },
    optimiser: Optim.adamw({ learningRate: 0.1 }),
    batch: ({ rows, width }) => ({ chosen: Programs.spec([rows, width]), rejected: Programs.spec([rows, width]) }),
    loss: ({ weight }, { chosen, rejected }) => {
      const score = (x: Program.Expr) => matMul(x, reshape(weight!, [D, 1]))
      return { loss: mean(softplus(sub(score(rejected), score(chosen)))) }
    }
  })
  yield* trainer.load({ weight: Tensors.f32([0, 0, 0, 0], [D]) })
  for (let step = 0; step < 60; step++) {
    const { loss } = yield* trainer.update(step, { rows: 64, width: D }, pairs(Rng.make(7, "pairs", step), 64))
    if (step % 20 === 0 || step === 59) yield* Console.log(`step ${step}: loss ${loss!.toFixed(3)}`)
  }
}).pipe(Effect.scoped, Effect.provide(Reference.layer)) // or Onnx.cpu from "rewardflow/onnx"

if (import.meta.main) await Effect.runPromise(main)
