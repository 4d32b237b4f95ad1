import { Result } from "effect"
import fc from "fast-check"
import { evaluate } from "../kernel/index.ts"
import type { DiscriminatorObjective, PolicyBatch, PolicyObjective, UnitLogits } from "../objective/index.ts"
import { type Expr, type Program, Programs } from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"
import { grad } from "../transform/index.ts"
import { allClose, close, type Law, law } from "./Law.ts"

const [ROWS, WIDTH] = [3, 4] as const
const shape = [ROWS, WIDTH]

type Values<K extends string> = Readonly<Record<K, ReadonlyArray<number>>>

/** The loss as a number, and its gradient in one of the tensors, in double precision; built when it is first asked for. */
const compiled = <K extends string>(keys: ReadonlyArray<K>, wrt: K, loss: (batch: Record<K, Expr>) => Expr) => {
  const build = () => {
    const specs = Object.fromEntries(keys.map((key) => [key, Programs.spec(shape)])) as Record<
      K,
      ReturnType<typeof Programs.spec>
    >
    return Result.getOrThrow(
      Programs.build(specs, (batch) => {
        const total = loss(batch as Record<K, Expr>)
        return { loss: total, gradient: grad(total, [batch[wrt]])[0]! }
      })
    )
  }
  let program: Program | undefined
  return (values: Values<K>) => {
    program ??= build()
    const feeds = Object.fromEntries(keys.map((key) => [key, Tensors.f64([...values[key]], shape)]))
    const { loss, gradient } = evaluate(program, feeds)
    return { loss: loss!.data[0]!, gradient: Array.from(gradient!.data) }
  }
}

const many = <A>(one: fc.Arbitrary<A>): fc.Arbitrary<ReadonlyArray<A>> =>
  fc.array(one, { minLength: ROWS * WIDTH, maxLength: ROWS * WIDTH })

const eighths = (most: number): fc.Arbitrary<number> => fc.integer({ min: -8 * most, max: 8 * most }).map((n) => n / 8)

type Label = "expert" | "policy" | "none"

const units = fc.record({ logits: many(eighths(6)), labels: many(fc.constantFrom<Label>("expert", "policy", "none")) })

/** Units of both classes: an objective on pairs says nothing about one alone. */
const parted = units.filter(({ labels }) => labels.includes("expert") && labels.includes("policy"))

const weights = (labels: ReadonlyArray<Label>, of: Label): ReadonlyArray<number> =>
  labels.map((label) => (label === of ? 1 : 0))

/** What holds of every discriminator objective on single units: it parts the classes, sees them alike, ignores the rest. */
export const discriminator = (subject: DiscriminatorObjective): ReadonlyArray<Law> => {
  const run = compiled<keyof UnitLogits>(["logits", "expert", "policy"], "logits", (b) => subject.loss(b).loss)
  const of = (logits: ReadonlyArray<number>, labels: ReadonlyArray<Label>) =>
    run({ logits, expert: weights(labels, "expert"), policy: weights(labels, "policy") })
  return [
    law(
      `${subject.name}: loss and gradient are finite, classes without a unit included`,
      units,
      ({ logits, labels }) => {
        const { loss, gradient } = of(logits, labels)
        return [loss, ...gradient].every(Number.isFinite)
      }
    ),
    law(
      `${subject.name}: a logit that belongs to no unit moves nothing and is not moved`,
      fc.tuple(units, eighths(6)),
      ([{ logits, labels }, other]) => {
        const { loss, gradient } = of(logits, labels)
        const moved = of(
          logits.map((f, i) => (labels[i] === "none" ? other : f)),
          labels
        )
        return close(loss, moved.loss) && gradient.every((g, i) => labels[i] !== "none" || g === 0)
      }
    ),
    law(`${subject.name}: classes swapped and logits negated give the same loss`, units, ({ logits, labels }) => {
      const swapped = labels.map(
        (label): Label => (label === "expert" ? "policy" : label === "policy" ? "expert" : label)
      )
      return close(
        of(logits, labels).loss,
        of(
          logits.map((f) => -f),
          swapped
        ).loss
      )
    }),
    law(`${subject.name}: units in another order give the same loss`, units, ({ logits, labels }) =>
      close(of(logits, labels).loss, of(logits.toReversed(), labels.toReversed()).loss)
    ),
    law(`${subject.name}: at a logit of 0 the expert is pushed up and the policy down`, parted, ({ labels }) =>
      of(
        labels.map(() => 0),
        labels
      ).gradient.every((g, i) => (labels[i] === "expert" ? g < 0 : labels[i] === "policy" ? g > 0 : g === 0))
    )
  ]
}

const steps = fc.record({
  logProbs: many(eighths(4).map((x) => x - 4)),
  advantages: many(eighths(3)),
  mask: many(fc.constantFrom(0, 1, 1, 1)),
  drift: many(eighths(1))
})

/** Properties of a policy objective that depend on its coefficients. */
export interface PolicyClaims {
  /** Whether the KL term is off; then more is known about the gradient. */
  readonly withoutKl: boolean
}

/** What holds of every clipped policy objective. */
export const policy = (subject: PolicyObjective, { withoutKl }: PolicyClaims): ReadonlyArray<Law> => {
  const keys: ReadonlyArray<keyof PolicyBatch> = ["logProbs", "oldLogProbs", "referenceLogProbs", "advantages", "mask"]
  const run = compiled<keyof PolicyBatch>(keys, "logProbs", (b) => subject.loss(b).loss)
  type Step = { readonly [K in "logProbs" | "advantages" | "mask" | "drift"]: ReadonlyArray<number> }
  const onPolicy = ({ logProbs, advantages, mask }: Step, factor = 1) =>
    run({
      logProbs,
      oldLogProbs: logProbs,
      referenceLogProbs: logProbs,
      advantages: advantages.map((a) => factor * a),
      mask
    })
  const drifted = ({ logProbs, advantages, mask, drift }: Step) =>
    run({ logProbs, oldLogProbs: logProbs.map((x, i) => x + drift[i]!), referenceLogProbs: logProbs, advantages, mask })
  return [
    law(`${subject.name}: loss and gradient are finite`, steps, (step) => {
      const { loss, gradient } = drifted(step)
      return [loss, ...gradient].every(Number.isFinite)
    }),
    law(`${subject.name}: tokens outside the mask move nothing and are not moved`, steps, (step) => {
      const hidden = (xs: ReadonlyArray<number>) => xs.map((x, i) => (step.mask[i] === 0 ? -1 : x))
      const { loss, gradient } = drifted(step)
      const other = drifted({ ...step, advantages: hidden(step.advantages), drift: hidden(step.drift) })
      return close(loss, other.loss) && gradient.every((g, i) => step.mask[i] === 1 || g === 0)
    }),
    law(`${subject.name}: no advantage and no distance from the reference give no gradient`, steps, (step) =>
      onPolicy(step, 0).gradient.every((g) => close(g, 0))
    ),
    law(`${subject.name}: at ratio 1 the gradient is linear in the advantages, and of their sign`, steps, (step) => {
      const once = onPolicy(step).gradient
      const twice = onPolicy(step, 2).gradient
      const signed = once.every((g, i) => step.mask[i] === 0 || Math.sign(g) === -Math.sign(step.advantages[i]!))
      return (
        signed &&
        allClose(
          twice,
          once.map((g) => 2 * g)
        )
      )
    }),
    ...(withoutKl
      ? [
          law(`${subject.name}: clipping never makes the objective better than the plain ratio`, steps, (step) => {
            const plain = (sign: number) =>
              step.logProbs.map((_, i) => sign * Math.exp(-step.drift[i]!) * step.advantages[i]!)
            // The plain surrogate enters the same objective at ratio 1, as an advantage ρ·A.
            const unclipped = onPolicy({ ...step, advantages: plain(1) }).loss
            return drifted(step).loss >= unclipped - 1e-9 * Math.max(1, Math.abs(unclipped))
          })
        ]
      : [])
  ]
}
