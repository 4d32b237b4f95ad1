import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import {
  BadCritic,
  Critics,
  type Negative,
  RewardModels,
  type Units,
  verifierHead
} from "../../src/core/learner/index.ts"
import { Discriminator } from "../../src/core/objective/index.ts"
import { add, input, mul, Programs, reshape, sum } from "../../src/core/program/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { grad } from "../../src/core/transform/index.ts"
import * as Subject from "./subject.ts"

const { drawBatch, drawPoints, pointFeeds, pointSpecs, slopesOf, unitWeights } = Critics
const { stepwise } = Granularities

const countedOf = (): ReadonlyArray<number> =>
  traces.flatMap(({ source, beside }, i) => (beside === i ? [] : [source._tag === "Switched" ? 0 : 1]))

/** A rollout of another length than its demonstration, one without a demonstration of its prompt, and a right one. */
const rollouts: ReadonlyArray<Negative> = [
  { prompt: Subject.train[0]!.prompt, completion: [3, 2, 9, 4, 7, 8, 5, 6, 1], demonstration: 0 },
  { prompt: [5, 6, 7], completion: [4, 2, 1], demonstration: -1 },
  { prompt: Subject.train[1]!.prompt, completion: [8, 1], demonstration: 1, switched: true }
]
const options = Subject.critic(stepwise(), {
  objective: Discriminator.wgan({ gradientPenalty: 10 }),
  batch: { rollouts: 3, freshShare: 1, perturbed: 1, versions: 2 },
  perturb: (_, i) => Subject.train[i]!.completion.map((id, t) => (t === 2 ? 3 + ((id - 2) % 8) : id)),
  optimiser: Subject.descent(0.05)
})
const traces = drawBatch(options, { capacity: 0, fresh: rollouts, past: [] }, Rng.make(2))
const weights = unitWeights(traces, options)
const points = drawPoints(traces, weights, Rng.make(5))
const [M, width] = [points.length, 32]
const feeds = pointFeeds(points, M, width)

const row = ({ data }: Tensor, at: number): ReadonlyArray<number> =>
  Array.from(data.subarray(at * width, (at + 1) * width))

describe("points between experts and policy", () => {
  it("law: each negative has one, whose completions lie over each other after the negative's prompt", () => {
    expect(M).toBe(5)
    const negatives = traces.filter(({ beside }, i) => beside !== i)
    for (const [i, { sequence, beside }] of negatives.entries()) {
      const own = traces[beside]!.sequence.completion
      const P = sequence.prompt.length
      const policyIds = row(feeds.point_policy_ids, i)
      expect(policyIds.slice(0, P + sequence.completion.length)).toEqual([...sequence.prompt, ...sequence.completion])
      expect(row(feeds.point_expert_ids, i).slice(0, P + own.length)).toEqual([...sequence.prompt, ...own])
      for (const [name, from, to] of [
        ["point_prompt", 0, P],
        ["point_expert", P, P + own.length],
        ["point_policy", P, P + sequence.completion.length]
      ] as const) {
        expect(row(feeds[name], i), name).toEqual(
          Array.from({ length: width }, (_, t) => (t >= from && t < to ? 1 : 0))
        )
      }
    }
  })

  it("law: unit weights sum to 1 and mix both traces' as the inputs are mixed; a switched rollout does not count", () => {
    const sums = Array.from({ length: M }, (_, i) => row(feeds.point_weights, i).reduce((s, w) => s + w, 0))
    for (const [i, sum] of sums.entries()) expect(sum).toBeCloseTo(countedOf()[i]!, 6)
    expect(countedOf().filter((one) => one === 0).length).toBe(1)
    const first = points.find((_, i) => countedOf()[i] === 1)
    const rows = traces.findIndex(({ sequence }) => sequence === first!.policy)
    const { ends } = options.partition(first!.policy.completion)
    const { ends: expertEnds } = options.partition(first!.expert.completion)
    for (const [t, w] of first!.weights.entries()) {
      const [e, p] = [expertEnds.includes(t) ? 1 / expertEnds.length : 0, ends.includes(t) ? 1 / ends.length : 0]
      expect(w).toBeCloseTo(first!.mix * e + (1 - first!.mix) * p, 6)
    }
    expect(weights[rows]!.policy.filter((w) => w > 0).length).toBe(ends.length)
  })

  const heads = [RewardModels.scalarHead, verifierHead].map((head) =>
    head({ config: Subject.config, trunk: Subject.params, seed: 7 })
  )

  it.each(
    heads.map((model) => [model.name, model] as const)
  )("law: the slope of a %s is that in the completion's embeddings, by differences, prompts held fixed", (_, model) => {
    const D = Subject.config.hidden_size
    const params = { ...model.params, ...model.frozen }
    const wide = (tensors: Readonly<Record<string, Tensor>>) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, t]) => [
          name,
          t.dtype === "i32" ? t : Tensors.f64(Array.from(t.data), t.shape)
        ])
      )
    const held = wide({ ...model.initial, ...feeds })
    const tree = Object.fromEntries(Object.entries(params).map(([name, s]) => [name, input(name, s.shape, s.dtype)]))
    const fed = Programs.inputsOf(pointSpecs(M, width))
    const { norms, counted } = slopesOf(model.embedded!, tree, fed)
    const names = Object.keys(params).filter((name) => params[name]!.shape.length === 2)
    const slopes = grad(
      sum(norms),
      names.map((name) => tree[name]!)
    )
    const gradients = Programs.fromExprs(Object.fromEntries(names.map((name, k) => [name, slopes[k]!])))
    const found = { ...evaluate(Programs.fromExprs({ norms, counted }), held), ...evaluate(gradients, held) }
    expect(Array.from(found["counted"]!.data)).toEqual(countedOf())
    // The points are data: no gradient reaches what they were made of.
    expect(found["model.embed_tokens.weight"]!.data.every((x) => x === 0)).toBe(true)
    expect(names.some((name) => found[name]!.data.some((x) => x !== 0))).toBe(true)

    // The same critic, fed the points themselves.
    const embedding = Programs.fromExprs({ rows: model.embedded!.embed(tree, input("ids", [M, width], "i32")) })
    const embedded = (ids: Tensor): Tensor => evaluate(embedding, { ...held, ids })["rows"]!
    const [ofExperts, ofPolicies] = [embedded(feeds.point_expert_ids), embedded(feeds.point_policy_ids)]
    const at = (i: number): ReadonlyArray<number> =>
      Array.from({ length: width }, (_, t) => {
        const { expert, policy, mix } = points[i]!
        const rowOf = (of: Tensor) => Array.from(of.data.subarray((i * width + t) * D, (i * width + t + 1) * D))
        const P = policy.prompt.length
        if (t < P) return rowOf(ofPolicies)
        const zero = new Array<number>(D).fill(0)
        const e = t < P + expert.completion.length ? rowOf(ofExperts) : zero
        const p = t < P + policy.completion.length ? rowOf(ofPolicies) : zero
        return e.map((x, d) => mix * x + (1 - mix) * p[d]!)
      }).flat()
    const x = input("x", [1, width, D])
    const logits = model.embedded!.rewards(tree, add(x, mul(x, 0)))
    const F = Programs.fromExprs({ F: reshape(sum(mul(logits, input("w", [1, width]))), []) })
    const i = points.findIndex(({ policy }) => policy === rollouts[0])
    const [start, w] = [at(i), Tensors.f64(row(feeds.point_weights, i), [1, width])]
    const value = (xs: ReadonlyArray<number>): number =>
      Tensors.item(evaluate(F, { ...wide(model.initial), x: Tensors.f64(xs, [1, width, D]), w })["F"]!)
    const { prompt, completion } = points[i]!.policy
    let squares = 0
    for (let c = prompt.length * D; c < (prompt.length + completion.length) * D; c++) {
      const step = (h: number) => value(start.map((v, k) => (k === c ? v + h : v)))
      squares += ((step(1e-4) - step(-1e-4)) / 2e-4) ** 2
    }
    expect(Array.from(found["norms"]!.data)[i]).toBeCloseTo(Math.sqrt(squares), 6)
  })
})

describe("the Wasserstein critic", () => {
  for (const [name, layer] of Subject.backends) {
    it(`on ${name}: learns with slopes drawn to 1, which without the penalty they leave`, () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const last = Effect.fnUntraced(function* (gradientPenalty: number) {
            const objective = Discriminator.wgan({ gradientPenalty })
            const critic = yield* Critics.make(Subject.critic(stepwise(), { objective }))
            yield* critic.start
            yield* critic.observe(rollouts)
            const logged = yield* Effect.forEach(
              Array.from({ length: 25 }, (_, i) => i),
              (i) => critic.update(i, Rng.make(4, i))
            )
            return { first: logged[0]!, end: logged.at(-1)! }
          })
          const { first, end } = yield* last(10)
          expect(end["gradient_penalty"]).toBeLessThan(first["gradient_penalty"]! / 2)
          expect(Math.abs(end["critic_grad_norm"]! - 1)).toBeLessThan(Math.abs(first["critic_grad_norm"]! - 1))
          expect(end["wasserstein"]).toBeGreaterThan(0.2)
          const unbounded = yield* last(0)
          expect(unbounded.end["wasserstein"]).toBeGreaterThan(2 * end["wasserstein"]!)
          expect("gradient_penalty" in unbounded.end).toBe(false)
        })
      ))
  }

  it("law: wrong versions count whole, so that the critic cannot win by where units lie: the distance stays bounded", () =>
    Subject.on(
      Subject.backends[1]![1],
      Effect.gen(function* () {
        const learned = Effect.fnUntraced(function* (weighting: Units.UnitWeighting) {
          const objective = Discriminator.wgan({ gradientPenalty: 10 })
          const batch = { rollouts: 0, freshShare: 1, perturbed: 8 }
          const critic = yield* Critics.make(Subject.critic(stepwise(), { objective, batch, weighting }))
          yield* critic.start
          let distance = 0
          for (let i = 0; i < 80; i++) distance = (yield* critic.update(i, Rng.make(4, i)))["wasserstein"]!
          return distance
        })
        const [whole, after] = [yield* learned({}), yield* learned({ beforeChange: "ignored" })]
        expect(whole).toBeLessThan(0.4)
        expect(after).toBeGreaterThan(3 * whole)
      })
    ))

  it("error: a critic without slopes is refused when it is made, with the repair", () =>
    Subject.on(
      Subject.backends[0]![1],
      Effect.gen(function* () {
        const { embedded: _, ...head } = verifierHead({ config: Subject.config, trunk: Subject.params, seed: 1 })
        const [verifier, segment, ragged] = [
          yield* Effect.result(Critics.make({ ...options, model: head })),
          yield* Effect.result(
            Critics.make(
              Subject.segmentCritic(
                stepwise(),
                { logProbWeight: 0 },
                { objective: Discriminator.wgan({ gradientPenalty: 1 }) }
              )
            )
          ),
          yield* Effect.result(Critics.make({ ...options, microBatch: 0 }))
        ]
        for (const [refused, fix] of [
          [verifier, "RewardModels.scalarHead"],
          [segment, "leave out segment"],
          [ragged, "at least 1"]
        ] as const) {
          expect(Result.isFailure(refused) && refused.failure instanceof BadCritic).toBe(true)
          expect(Result.isFailure(refused) ? refused.failure.message : "").toContain(fix)
        }
        expect(
          Result.isSuccess(
            yield* Effect.result(
              Critics.make({ ...options, model: head, objective: Discriminator.wgan({ gradientPenalty: 0 }) })
            )
          )
        ).toBe(true)
      })
    ))
})
