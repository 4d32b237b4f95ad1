import { forward, logits, type ModelConfig, parameterSpecs, tokenLogProbs, tokenRewards } from "../../model/index.ts"
import { constant, type Expr, input, mean, mul, Programs, sum } from "../../program/index.ts"
import { type Tensor, Tensors } from "../../tensor/index.ts"
import { grad, lower } from "../../transform/index.ts"
import { floats } from "../program/index.ts"
import type { BackendLaw } from "./BackendLaw.ts"
import { type Case, caseLaw } from "./Case.ts"
import type { Tolerance } from "./Tolerance.ts"
import { tinyModels, tinyParams } from "./tinyModels.ts"

const [B, T] = [3, 11] as const

const ids = (vocabulary: number): Tensor =>
  Tensors.i32(
    Array.from({ length: B * T }, (_, i) => (i * i + 3 * i) % vocabulary),
    [B, T]
  )

/** Padding of each row on the left. */
const paddings = [0, 4, 1]

/** 1 for rows [B·T, 1] of real tokens: what padding computes is nobody's business. */
const real = Tensors.f64(
  Array.from({ length: B * T }, (_, i) => Number(i % T >= paddings[Math.floor(i / T)]!)),
  [B * T, 1]
)

const symbols = (config: ModelConfig, head: "language" | "reward") => Programs.inputsOf(parameterSpecs(config, head))

/** The program with what it needs of the feeds. */
const caseOf = (
  name: string,
  outputs: Readonly<Record<string, Expr>>,
  feeds: Readonly<Record<string, Tensor>>
): Case => {
  const program = lower(Programs.fromExprs(outputs))
  const used = Object.keys(Programs.inputs(program))
  return { name, program, feeds: Object.fromEntries(used.map((key) => [key, feeds[key]!])) }
}

const gradients = (loss: Expr, params: Readonly<Record<string, Expr>>): Readonly<Record<string, Expr>> => {
  const slopes = grad(loss, Object.values(params))
  return Object.fromEntries(Object.keys(params).map((name, i) => [`d ${name}`, slopes[i]!]))
}

const language = (family: string, config: ModelConfig): ReadonlyArray<Case> => {
  const params = symbols(config, "language")
  const [tokens, starts, weights] = [
    input("ids", [B, T], "i32"),
    input("start", [B], "i32"),
    input("weights", [B, T - 1])
  ]
  const feeds = {
    ...tinyParams(config, "language"),
    ids: ids(config.vocab_size),
    start: Tensors.i32(paddings, [B]),
    weights: floats(2, "weights", [B, T - 1])
  }
  const plain = forward(config, params, tokens)
  const padded = forward(config, params, tokens, { start: starts, queryBlock: 4 })
  const scored = tokenLogProbs(config, params, plain.hidden, tokens, { temperature: 0.7, chunk: 7 })
  const loss = sum(mul(scored.logProbs, weights))
  return [
    caseOf(`${family}: next-token logits`, { logits: logits(config, params, plain.hidden) }, feeds),
    caseOf(
      `${family}: rows padded on the left, queries in blocks`,
      { logits: mul(logits(config, params, padded.hidden), constant(real)) },
      feeds
    ),
    caseOf(`${family}: log-probabilities and entropies of tokens`, { ...scored }, feeds),
    caseOf(`${family}: the gradient of a loss in every parameter`, { loss, ...gradients(loss, params) }, feeds)
  ]
}

const reward = (family: string, config: ModelConfig): ReadonlyArray<Case> => {
  const params = symbols(config, "reward")
  const feeds = { ...tinyParams(config, "reward"), ids: ids(config.vocab_size) }
  const rewards = tokenRewards(params, forward(config, params, input("ids", [B, T], "i32")).hidden, B)
  const loss = mean(mul(rewards, rewards))
  return [
    caseOf(
      `${family}: a reward for every token, and its gradient in every parameter`,
      {
        rewards,
        ...gradients(loss, params)
      },
      feeds
    )
  ]
}

/** Forward and backward passes of a tiny model of every family. */
export const models = (tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  Object.entries(tinyModels)
    .flatMap(([family, config]) => [...language(family, config), ...reward(family, config)])
    .map((c) => caseLaw("models", c, tolerance))
