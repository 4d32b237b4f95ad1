import { RewardModels } from "../../learner/index.ts"
import { parameterSpecs } from "../../model/index.ts"
import {
  Aggregations,
  Discriminator,
  type DiscriminatorObjective,
  KlEstimators,
  PolicyLoss,
  type PolicyObjective,
  SamplerCorrections,
  Segment
} from "../../objective/index.ts"
import { type Expr, Programs, reshape } from "../../program/index.ts"
import { type Shape, Shapes, type Tensor, Tensors } from "../../tensor/index.ts"
import { grad, lower } from "../../transform/index.ts"
import { floats } from "../program/index.ts"
import type { BackendLaw } from "./BackendLaw.ts"
import { type Case, caseLaw } from "./Case.ts"
import type { Tolerance } from "./Tolerance.ts"
import { tinyModels, tinyParams } from "./tinyModels.ts"

const [N, T] = [4, 7] as const
const tokens: Shape = [N, T]

const made = (shape: Shape, value: (i: number) => number): Tensor =>
  Tensors.f64(
    Array.from({ length: Shapes.size(shape) }, (_, i) => value(i)),
    shape
  )

/** Rows of different lengths, the last one empty. */
const mask = made(tokens, (i) => Number(i % T < [7, 5, 2, 0][Math.floor(i / T)]!))

/** Every third token of the first two rows is the expert's unit, and of the others the policy's, with its weight. */
const units = (rows: readonly [number, number]) =>
  made(tokens, (i) => {
    const row = Math.floor(i / T)
    return row >= rows[0] && row < rows[1] && i % 3 === 0 ? 1 + (i % 2) / 2 : 0
  })

type Fed = Readonly<Record<string, Tensor>>
type Inputs = Readonly<Record<string, Expr>>

interface Loss {
  readonly loss: Expr
  readonly metrics?: Readonly<Record<string, Expr>>
}

/** A loss with its metrics and its gradient in some of its inputs. */
const lossCase = (name: string, feeds: Fed, wrt: ReadonlyArray<string>, build: (inputs: Inputs) => Loss): Case => {
  const inputs = Programs.inputsOf(feeds)
  const { loss, metrics = {} } = build(inputs)
  const slopes = grad(
    loss,
    wrt.map((key) => inputs[key]!)
  )
  const gradients = Object.fromEntries(wrt.map((key, i) => [`d ${key}`, slopes[i]!]))
  const program = lower(Programs.fromExprs({ loss: reshape(loss, []), ...metrics, ...gradients }))
  const used = Object.keys(Programs.inputs(program))
  return { name, program, feeds: Object.fromEntries(used.map((key) => [key, feeds[key]!])) }
}

const traces: Fed = { logits: floats(1, "logits", tokens), expert: units([0, 2]), policy: units([2, 4]) }
const pairs = made([N, N], (i) => Number(i === 2 || i === 3 || i === 6))

const onUnits = (objective: DiscriminatorObjective): Case =>
  lossCase(`${objective.name}: loss and gradient`, { ...traces, pairs }, ["logits"], (x) =>
    objective.loss({
      logits: x["logits"]!,
      expert: x["expert"]!,
      policy: x["policy"]!,
      ...(objective.needs?.pairs === undefined ? {} : { pairs: x["pairs"]! })
    })
  )

const discriminators: ReadonlyArray<Case> = [
  Discriminator.bce({ labelSmoothing: 0.1 }),
  Discriminator.bce({ labelSmoothing: 0, expertShare: "units" }),
  Discriminator.bce({ labelSmoothing: 0.1, average: "traces" }),
  Discriminator.wgan({ gradientPenalty: 0 }),
  Discriminator.pairwise({ margin: 0.5 }),
  Discriminator.entropyBonus(Discriminator.bce({ labelSmoothing: 0.1 }), 0.01)
].map(onUnits)

/** A critic's slopes between experts and policy are a gradient; training on them takes the gradient of it. */
const secondOrder = (): Case => {
  const config = tinyModels["Qwen2, tied"]!
  const { embedded } = RewardModels.scalarHead({ config, seed: 1 })
  const objective = Discriminator.wgan({ gradientPenalty: 10 })
  const params = tinyParams(config, "reward")
  const wrt = Object.keys(parameterSpecs(config, "reward")).filter((name) => name !== "model.embed_tokens.weight")
  const points: Shape = [2, T, config.hidden_size]
  const feeds = {
    ...params,
    ...traces,
    from: floats(2, "from", points),
    to: floats(3, "to", points),
    mix: Tensors.f64([0.25, 0.75], [2, 1, 1]),
    weights: made([2, T], (i) => Number(i % 3 === 0))
  }
  return lossCase(`${objective.name}: loss and gradient, of second order in a decoder's parameters`, feeds, wrt, (x) =>
    objective.loss({
      logits: x["logits"]!,
      expert: x["expert"]!,
      policy: x["policy"]!,
      slopes: Discriminator.slopesAt({
        critic: (embeddings) => embedded!.rewards(x, embeddings),
        expert: x["from"]!,
        policy: x["to"]!,
        mix: x["mix"]!,
        weights: x["weights"]!
      })
    })
  )
}

const segments = (): Case => {
  const objective = Segment.segmentCritic({
    objective: Discriminator.bce({ labelSmoothing: 0.1 }),
    gamma: 0.9,
    shapeClamp: 1,
    potentialPenalty: 1e-2,
    shapePenalty: 1e-2
  })
  const terms = ["g", "before", "after"] as const
  const feeds = {
    ...Object.fromEntries([...terms, "logProbs"].map((name) => [name, floats(4, name, tokens)])),
    expert: traces["expert"]!,
    policy: traces["policy"]!
  }
  return lossCase(`${objective.name}: loss and gradient`, feeds, terms, (x) =>
    objective.loss({
      terms: { g: x["g"]!, before: x["before"]!, after: x["after"]!, logProbs: x["logProbs"]! },
      expert: x["expert"]!,
      policy: x["policy"]!
    })
  )
}

const near = (name: string): Tensor => {
  const [base, change] = [floats(5, "logProbs", tokens), floats(6, name, tokens)]
  return made(tokens, (i) => base.data[i]! - 2 + 0.2 * change.data[i]!)
}

const completions: Fed = {
  logProbs: near("own"),
  oldLogProbs: near("old"),
  referenceLogProbs: near("reference"),
  samplerLogProbs: near("sampler"),
  advantages: floats(7, "advantages", tokens),
  mask
}

const onCompletions = (objective: PolicyObjective): Case =>
  lossCase(`${objective.name}: loss and gradient`, completions, ["logProbs"], (x) =>
    objective.loss({
      logProbs: x["logProbs"]!,
      oldLogProbs: x["oldLogProbs"]!,
      referenceLogProbs: x["referenceLogProbs"]!,
      samplerLogProbs: x["samplerLogProbs"]!,
      advantages: x["advantages"]!,
      mask: x["mask"]!
    })
  )

const clipped = { clipLow: 0.1, clipHigh: 0.15, klCoefficient: 0.1 }

const policies: ReadonlyArray<Case> = [
  PolicyLoss.grpo(clipped),
  PolicyLoss.clippedSurrogate({ ...clipped, aggregation: Aggregations.bnpo, klEstimator: KlEstimators.k2 }),
  PolicyLoss.clippedSurrogate({ ...clipped, aggregation: Aggregations.drGrpo(9), ratio: "sequence" }),
  PolicyLoss.clippedSurrogate({
    ...clipped,
    aggregation: Aggregations.dapo,
    ratioBound: 1.2,
    klEstimator: KlEstimators.k1,
    klWeighted: true,
    correction: SamplerCorrections.masked({ level: "sequence", cap: 1.5 })
  }),
  PolicyLoss.weightedLikelihood(Aggregations.grpo)
].map(onCompletions)

const likelihood: Case = lossCase(
  "supervised: negative log-likelihood and gradient",
  completions,
  ["logProbs"],
  (x) => ({
    loss: PolicyLoss.negativeLogLikelihood(x["logProbs"]!, x["mask"]!)
  })
)

/** Every loss with its gradient, that of the Wasserstein critic of second order. */
export const losses = (tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  [...discriminators, secondOrder(), segments(), ...policies, likelihood].map((c) => caseLaw("losses", c, tolerance))
