import { Effect, Result, Schema, type Scope } from "effect"
import { forward, initialise, logits, ModelConfigs, parameterSpecs } from "../../core/model/index.ts"
import { adamw, chain, clipByGlobalNorm, residentParams, trainStep } from "../../core/optim/index.ts"
import {
  gatherElements,
  input,
  logSoftmax,
  matMul,
  mean,
  neg,
  Programs,
  reshape,
  Steps,
  slice
} from "../../core/program/index.ts"
import { plain, Sampling } from "../../core/sampling/index.ts"
import { Backend } from "../../core/service/index.ts"
import { Rng, Shapes, type Tensor, Tensors } from "../../core/tensor/index.ts"
import { cost } from "../../core/transform/index.ts"
import { metricsTable } from "./metrics.ts"

const Size = Schema.Int.check(Schema.isGreaterThan(0))

/** Width, heads, layers and vocabulary of a decoder of the Qwen2 kind with a feed-forward layer four times as wide. */
const Decoder = { D: Size, H: Size, L: Size, V: Size }

/**
 * What both sides of a benchmark can be asked to repeat. `train` is one step on B sequences of T tokens: forward,
 * backward, clipping by the global norm, AdamW. `sample` draws T tokens after B prompts of P tokens, with their
 * log-probabilities. `matmul` multiplies two n x n matrices. `metrics` measures B prompts of N completions with
 * bootstrap intervals; the other side is NumPy.
 */
export const Job = Schema.TaggedUnion({
  train: { B: Size, T: Size, ...Decoder },
  sample: { B: Size, P: Size, T: Size, ...Decoder, frozen: Schema.Boolean },
  matmul: { n: Size },
  metrics: { B: Size, N: Size, draws: Size }
})

export type Job = typeof Job.Type

type Of<T extends Job["_tag"]> = Extract<Job, { readonly _tag: T }>

const configOf = ({ D, H, L, V }: { readonly [K in keyof typeof Decoder]: number }) =>
  Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen2",
      vocab_size: V,
      hidden_size: D,
      intermediate_size: 4 * D,
      num_hidden_layers: L,
      num_attention_heads: H,
      num_key_value_heads: H,
      rms_norm_eps: 1e-6,
      rope_theta: 10000,
      tie_word_embeddings: true
    })
  )

const tokens = (seed: string, shape: ReadonlyArray<number>, V: number): Tensor => {
  const rng = Rng.make(seed)
  return Tensors.i32(
    Int32Array.from({ length: Shapes.size(shape) }, () => Rng.int(rng, V)),
    shape
  )
}

/** The training step of a benchmark. */
export const trainingStep = (job: Of<"train">) => {
  const config = configOf(job)
  const batch = { ids: Programs.spec([job.B, job.T], "i32"), targets: Programs.spec([job.B, job.T], "i32") }
  return Result.getOrThrow(
    trainStep({
      params: parameterSpecs(config),
      batch,
      loss: (params, { ids, targets }) => {
        const rows = logSoftmax(logits(config, params, forward(config, params, ids).hidden))
        return { loss: neg(mean(gatherElements(rows, reshape(targets, [-1, 1])))) }
      },
      optimiser: chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3, weightDecay: 0.01 }))
    })
  )
}

const train = Effect.fnUntraced(function* (job: Of<"train">) {
  const { step, initialState, feeds } = trainingStep(job)
  const backend = yield* Backend
  const memory = yield* backend.memory
  yield* memory.write({ ...residentParams(initialise(configOf(job), "bench")), ...initialState })
  const executable = yield* backend.compile(step, { memory })
  const batch = {
    ids: tokens("ids", [job.B, job.T], job.V),
    targets: tokens("targets", [job.B, job.T], job.V)
  }
  let count = 0
  return Effect.suspend(() => executable.run({ ...batch, ...feeds(count++) }))
})

const sample = Effect.fnUntraced(function* (job: Of<"sample">) {
  const { B, P, T, V, frozen } = job
  const config = configOf(job)
  const memory = yield* Backend.use((b) => b.memory)
  yield* memory.write(residentParams(initialise(config, "bench")))
  const sampler = yield* Sampling.make({ config, memory, contextLength: P + T, batchSize: B, frozen })
  const ids = Array.from(tokens("prompts", [B, P], V).data)
  const requests = Array.from({ length: B }, (_, b) => ({ prompt: ids.slice(b * P, (b + 1) * P), seed: b }))
  return sampler.sample(requests, plain(T))
})

const matmul = Effect.fnUntraced(function* ({ n }: Of<"matmul">) {
  const memory = yield* Backend.use((b) => b.memory)
  const fill = (seed: string) => Tensors.f32(Rng.normals(seed, "matrix", n * n), [n, n])
  yield* memory.write({ a: fill("a"), b: fill("b") })
  // One row of the product leaves the engine, so that the time is that of the product.
  const product = slice(matMul(input("a", [n, n]), input("b", [n, n])), 0, 0, 1)
  const step = Steps.make({
    program: Programs.fromExprs({ row: product }),
    resident: ["a", "b"],
    carry: [],
    guard: []
  })
  const executable = yield* Backend.use((b) => b.compile(step, { memory }))
  return executable.run({})
})

/** Sets a job up; the result does it once. */
export const prepare = (job: Job): Effect.Effect<Effect.Effect<unknown, Error>, Error, Backend | Scope.Scope> => {
  switch (job._tag) {
    case "train":
      return train(job)
    case "sample":
      return sample(job)
    case "matmul":
      return matmul(job)
    case "metrics":
      return Effect.sync(() => Effect.sync(metricsTable(job.B, job.N, job.draws)))
  }
}

/** Floating-point operations of the matrix products of one repetition; `undefined` where they are not counted. */
export const productFlops = (job: Job): number | undefined => {
  switch (job._tag) {
    case "train":
      return cost(trainingStep(job).step.program).byOp.MatMul?.flops
    case "matmul":
      return 2 * job.n ** 3
    case "sample":
    case "metrics":
      return undefined
  }
}
