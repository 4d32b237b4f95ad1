import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import * as Reference from "../../src/backends/reference/index.ts"
import { type Adapter, Adapters, adaptedStep, withAdapter } from "../../src/core/adapter/index.ts"
import {
  forward,
  initialise,
  isCheckpoint,
  type ModelConfig,
  ModelConfigs,
  parameterSpecs,
  tokenLogProbs,
  tokenRewards
} from "../../src/core/model/index.ts"
import { adamw, paramName, residentParams, type Specs, trainStep } from "../../src/core/optim/index.ts"
import { type Expr, input, mean, mul, neg, Programs, type Step, softplus } from "../../src/core/program/index.ts"
import { Backend, type Executable } from "../../src/core/service/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { cost, rematerialise } from "../../src/core/transform/index.ts"
import { adapterOf, furthest } from "./subject.ts"

type Params = Readonly<Record<string, Expr>>

const model: ModelConfig = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: 13,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 32,
    tie_word_embeddings: true,
    initializer_range: 0.3
  })
)

const base = initialise(model, 1)
const specs = parameterSpecs(model)
const resident = Object.keys(specs).map((name) => paramName(name))
const policy = adapterOf(model, { r: 4, lora_alpha: 8, target_modules: "all-linear" })
const critic = adapterOf(model, { task_type: "SEQ_CLS", r: 2, lora_alpha: 4, target_modules: ["q_proj", "v_proj"] })

const ids = Tensors.i32([1, 5, 2, 9, 3, 4, 8, 2, 6, 12, 7, 1], [2, 6])
const rewarded = Tensors.f32([1, 1, 1, 1, 1, -1, -1, -1, -1, -1], [2, 5])
const labels = Tensors.f32([1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1], [2, 6])

const logProbs = (params: Params, x: Expr): { readonly logProbs: Expr } => ({
  logProbs: tokenLogProbs(model, params, forward(model, params, x).hidden, x).logProbs
})
const rewards = (params: Params, x: Expr): { readonly rewards: Expr } => ({
  rewards: tokenRewards(params, forward(model, params, x).hidden, x.shape[0]!)
})

/** A step without updates that reads resident parameters. */
const reading = (
  of: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>,
  read: (params: Params, x: Expr) => Params
): Step => {
  const params = Object.fromEntries(
    Object.entries(of).map(([name, { shape }]) => [name, input(paramName(name), shape)])
  )
  const program = Programs.fromExprs(read(params, input("ids", ids.shape, "i32")))
  return { program, resident: Object.keys(Programs.inputs(program)).filter((n) => n !== "ids"), carry: [], guard: [] }
}

const optimiser = adamw({ learningRate: 0.02 })

/** A training step of an adapter over the base: `loss` of the model's parameters, the adapter in them, and of the feeds. */
const stepOf = <const B extends Specs>(
  adapter: Adapter,
  scope: string,
  batch: B,
  loss: (params: Params, feeds: { readonly [K in keyof B]: Expr }) => Expr
) =>
  Result.getOrThrow(
    trainStep({
      params: Adapters.scoped(scope, adapter.params),
      frozen: specs,
      batch,
      optimiser,
      loss: (tree, feeds) =>
        withAdapter(adapter, tree, Adapters.ownOf(adapter, scope, tree), (params) => ({ loss: loss(params, feeds) }))
    })
  )

const tokens = Programs.spec(ids.shape, "i32")

const policyStep = stepOf(policy, "policy/", { ids: tokens, advantages: Programs.spec([2, 5]) }, (params, batch) =>
  neg(mean(mul(logProbs(params, batch.ids).logProbs, batch.advantages)))
)

const criticStep = stepOf(critic, "critic/", { ids: tokens, labels: Programs.spec([2, 6]) }, (params, batch) =>
  mean(softplus(neg(mul(rewards(params, batch.ids).rewards, batch.labels))))
)

/** The base, both adapters and their moments in one memory; the base is compiled in where `freeze` says so. */
const start = (freeze: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    yield* memory.write({
      ...residentParams(base),
      ...residentParams(Adapters.scoped("policy/", Adapters.initialise(policy, 2))),
      ...residentParams(Adapters.scoped("critic/", Adapters.initialise(critic, 3))),
      ...policyStep.initialState,
      ...criticStep.initialState
    })
    const plain = reading(specs, logProbs)
    const sampling = adaptedStep(policy, plain, { base: paramName(""), own: paramName("policy/") })
    const all = { ...specs, ...Adapters.scoped("critic/", critic.params) }
    const scoring = reading(all, (params, x) =>
      withAdapter(critic, params, Adapters.ownOf(critic, "critic/", params), (held) => rewards(held, x))
    )
    const compiled = (step: Step) =>
      backend.compile(step, { memory, freeze: freeze.filter((name) => step.resident.includes(name)) })
    return {
      memory,
      reference: yield* compiled(plain),
      policy: yield* compiled(Result.getOrThrow(sampling)),
      critic: yield* compiled(scoring),
      updatePolicy: yield* compiled(policyStep.step),
      updateCritic: yield* compiled(criticStep.step)
    }
  })

const value = (executable: Executable, output: string) =>
  Effect.map(executable.run({ ids }), (found): Tensor => found[output]!)

const backends = [
  ["reference", Reference.layer],
  ["onnx", Onnx.cpuWith({ threads: 1 })]
] as const

describe.each(backends)("on %s", (_, layer) => {
  it.each([
    ["read from memory", []],
    ["compiled in", resident]
  ] as const)("law: policy, reference and critic share one base, %s: each update changes its own adapter alone", (_, freeze) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const at = yield* start(freeze)
        const off = yield* value(at.reference, "logProbs")
        const scores = yield* value(at.critic, "rewards")
        // A fresh adapter changes nothing.
        expect(furthest(yield* value(at.policy, "logProbs"), off)).toBeLessThan(1e-6)
        const losses: Array<number> = []
        for (let i = 0; i < 5; i++) {
          const { loss } = yield* at.updatePolicy.run({ ids, advantages: rewarded, ...policyStep.feeds(i) })
          losses.push(Tensors.item(loss!))
        }
        expect(losses[4]!).toBeLessThan(losses[0]! - 0.1)
        const on = yield* value(at.policy, "logProbs")
        expect(furthest(on, off)).toBeGreaterThan(0.05)
        expect(furthest(yield* value(at.reference, "logProbs"), off)).toBe(0)
        expect(furthest(yield* value(at.critic, "rewards"), scores)).toBe(0)

        const judged: Array<number> = []
        for (let i = 0; i < 5; i++) {
          const { loss } = yield* at.updateCritic.run({ ids, labels, ...criticStep.feeds(i) })
          judged.push(Tensors.item(loss!))
        }
        expect(judged[4]!).toBeLessThan(judged[0]! - 0.05)
        expect(furthest(yield* value(at.critic, "rewards"), scores)).toBeGreaterThan(0.05)
        expect(furthest(yield* value(at.policy, "logProbs"), on)).toBe(0)
        expect(furthest(yield* value(at.reference, "logProbs"), off)).toBe(0)

        const held = yield* at.memory.read(resident)
        for (const [name, { data }] of Object.entries(base)) {
          expect([...held[paramName(name)]!.data]).toEqual([...data])
        }
      }).pipe(Effect.scoped, Effect.provide(layer))
    ))
})

/** The policy's update with `chunk` tokens' logits at a time. */
const chunkedStep = (chunk: number) =>
  Result.getOrThrow(
    trainStep({
      params: policy.params,
      frozen: specs,
      batch: { ids: Programs.spec(ids.shape, "i32") },
      optimiser,
      loss: (tree, batch) =>
        withAdapter(policy, tree, tree, (params) => {
          const { hidden } = forward(model, params, batch.ids)
          return { loss: neg(mean(tokenLogProbs(model, params, hidden, batch.ids, { chunk }).logProbs)) }
        })
    })
  )

describe.each(backends)("on %s", (_, layer) => {
  it("law: a step that recomputes layers and chunks of logits updates as the plain one does", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const backend = yield* Backend
        const updated = Effect.fnUntraced(function* (step: Step, plan: ReturnType<typeof chunkedStep>) {
          const memory = yield* backend.memory
          yield* memory.write({
            ...residentParams(base),
            ...residentParams(Adapters.initialise(policy, 2)),
            ...plan.initialState
          })
          const executable = yield* backend.compile(step, { memory })
          for (let i = 0; i < 3; i++) yield* executable.run({ ids, ...plan.feeds(i) })
          return yield* memory.read(Object.keys(policy.params).map((name) => paramName(name)))
        })
        const [plain, chunked] = [chunkedStep(1000), chunkedStep(4)]
        const program = rematerialise(chunked.step.program, { forward: ["loss"], keep: isCheckpoint })
        expect(cost(program).peakLiveBytes).toBeLessThan(cost(plain.step.program).peakLiveBytes)
        const expected = yield* updated(plain.step, plain)
        const actual = yield* updated({ ...chunked.step, program }, chunked)
        for (const [name, value] of Object.entries(expected)) expect(furthest(actual[name]!, value)).toBeLessThan(1e-5)
      }).pipe(Effect.scoped, Effect.provide(layer))
    ))
})

describe("the training step of an adapter", () => {
  it("law: moments are kept for the adapter alone", () => {
    const moments = Object.values(policyStep.initialState).reduce((n, { data }) => n + data.length, 0)
    const trained = Object.values(policy.params).reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0)
    expect(moments).toBe(2 * trained)
    expect(policyStep.step.carry.every(({ into }) => into.includes("policy/"))).toBe(true)
  })
})
