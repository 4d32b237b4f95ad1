import { Data, Effect } from "effect"
import type { Metrics } from "../run/index.ts"
import { Shapes, type Tensor } from "../tensor/index.ts"
import type { RewardModel } from "./RewardModel.ts"
import type { Trainer, TrainerError } from "./Trainer.ts"

/** An update of the critic that left the weights as they were, though its learning rate was enough to move them. */
export class UnchangedCritic extends Data.TaggedError("UnchangedCritic")<{
  /** Updates applied before it. */
  readonly update: number
  /** The parameter that was compared. */
  readonly parameter: string
}> {
  override get message(): string {
    return (
      `Critic update ${this.update + 1} left "${this.parameter}" bit for bit as it was, so the reward is not learning. ` +
      "Look whether any unit of the batch counts in the loss; the learning rate was enough to move it."
    )
  }
}

/** An update of the critic whose loss had no gradient: what moved the weights was decay, or the memory of earlier updates. */
export class CriticWithoutGradient extends Data.TaggedError("CriticWithoutGradient")<{
  /** Updates applied before it. */
  readonly update: number
}> {
  override get message(): string {
    return (
      `Critic update ${this.update + 1} had a gradient of 0 in every parameter, so the reward is not learning. ` +
      "Look whether any unit of the batch counts in the loss, and whether the logits have left the range of floats."
    )
  }
}

/** The smallest parameter of several numbers: one that all logits share alike has no gradient where only differences count. */
const smallest = ({ params }: RewardModel): string | undefined =>
  Object.entries(params)
    .filter(([, { shape }]) => Shapes.size(shape) > 1)
    .sort(([, a], [, b]) => Shapes.size(a.shape) - Shapes.size(b.shape))[0]?.[0]

/** Relative spacing of 32-bit floats: a step of the learning rate's size shows on a weight that is not larger by more. */
const SPACING = 2 ** -23

/** Whether a step of Adam, about as large as its rate, must show on every weight; at the end of a schedule it need not. */
const shows = (rate: number | null | undefined, { data }: Tensor): boolean =>
  typeof rate !== "number" || data.every((x) => rate > SPACING * Math.abs(x))

const same = (a: Tensor, b: Tensor): boolean => a.data.every((x, i) => Object.is(x, b.data[i]))

/**
 * Watches the smallest trained parameter through each update, and the count of gradients, `grad_tensors`. A critic that never moves is easy to miss: the policy
 * still trains, on whatever the critic knew before.
 */
export const verified = (trainer: Pick<Trainer, "memory" | "at">, model: RewardModel, verify: boolean) => {
  const parameter = smallest(model)
  if (!verify || parameter === undefined) return <A>(_: number, update: A): A => update
  const key = trainer.at(parameter)
  const read = Effect.map(trainer.memory.read([key]), (held) => held[key]!)
  return Effect.fnUntraced(function* (count: number, update: Effect.Effect<Metrics, TrainerError>) {
    const before = yield* read
    const metrics = yield* update
    if (!shows(metrics["learning_rate"], before)) return metrics
    if (same(before, yield* read)) return yield* new UnchangedCritic({ update: count, parameter })
    // Decay and moments move weights that learn nothing.
    if (metrics["grad_tensors"] === 0) return yield* new CriticWithoutGradient({ update: count })
    return metrics
  })
}
