/**
 * Predicted and measured peak memory of training steps, sampling and scoring, by model size. Each figure is the peak
 * resident size of a process of its own; the prediction is made in another, which runs nothing.
 *
 * Run: node bench/memory.ts [JOB ...]      JOB: plain, recomputed, chunked, sampling, scoring, frozen; all by default
 */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Console, Effect, Result } from "effect"
import { Onnx, Rehearsal } from "../src/backends/onnx/index.ts"
import { type Params, Scorer } from "../src/core/learner/index.ts"
import {
  forward,
  initialise,
  isCheckpoint,
  type ModelConfig,
  ModelConfigs,
  parameterSpecs,
  tokenLogProbs
} from "../src/core/model/index.ts"
import {
  adamw,
  chain,
  clipByGlobalNorm,
  initialState,
  residentParams,
  Schedules,
  trainStep
} from "../src/core/optim/index.ts"
import { mean, neg, Programs } from "../src/core/program/index.ts"
import { table } from "../src/core/run/index.ts"
import { plain, Sampling } from "../src/core/sampling/index.ts"
import { Backend } from "../src/core/service/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { rematerialise } from "../src/core/transform/index.ts"

const sizes = [
  { width: 64, layers: 4 },
  { width: 256, layers: 4 },
  { width: 896, layers: 2 }
] as const
const [B, T, V] = [8, 128, 2048] as const

const configOf = ({ width, layers }: { readonly width: number; readonly layers: number }): ModelConfig =>
  Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen2",
      hidden_size: width,
      intermediate_size: 4 * width,
      num_hidden_layers: layers,
      num_attention_heads: width / 64,
      num_key_value_heads: width / 64,
      vocab_size: V,
      max_position_embeddings: 256,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: true
    })
  )

const optimiser = chain(clipByGlobalNorm(1), adamw({ learningRate: Schedules.constant(1e-4), weightDecay: 0.1 }))

/** A model to run, with parameters that the caller holds as well. */
interface Model {
  readonly config: ModelConfig
  readonly params: Params
}

/** Three updates on one batch. */
const training = (
  { config, params: start }: Model,
  { recompute, chunk }: { readonly recompute: boolean; readonly chunk?: number }
) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    const params = parameterSpecs(config)
    const options = chunk === undefined ? {} : { chunk }
    const plan = yield* Effect.fromResult(
      trainStep({
        params,
        optimiser,
        batch: { ids: Programs.spec([B, T], "i32") },
        loss: (tree, { ids }) => ({
          loss: neg(mean(tokenLogProbs(config, tree, forward(config, tree, ids).hidden, ids, options).logProbs))
        })
      })
    )
    const { program } = plan.step
    const step = recompute
      ? { ...plan.step, program: rematerialise(program, { forward: ["loss"], keep: isCheckpoint }) }
      : plan.step
    const executable = yield* backend.compile(step, { memory })
    yield* memory.write({ ...residentParams(start), ...initialState({ params, optimiser }) })
    const ids = Tensors.i32(
      Int32Array.from({ length: B * T }, (_, i) => (7 * i) % V),
      [B, T]
    )
    for (let i = 0; i < 3; i++) yield* executable.run({ ids, ...plan.feeds(i) })
  })

const sampling = ({ config, params }: Model) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    yield* memory.write(residentParams(params))
    const sampler = yield* Sampling.make({ config, memory, contextLength: 128 })
    const requests = Array.from({ length: 32 }, (_, seed) => ({
      prompt: Array.from({ length: 32 }, (_, t) => t),
      seed
    }))
    yield* sampler.sample(requests, plain(64))
  })

const scoring = ({ config, params }: Model, frozen = false) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const memory = yield* backend.memory
    yield* memory.write(residentParams(params))
    const score = yield* Scorer.logProbs(config, memory, { frozen })
    const tokens = Array.from({ length: T / 2 }, (_, t) => t)
    const sequences = Array.from({ length: 64 }, () => ({ prompt: tokens, completion: tokens }))
    for (let i = 0; i < 3; i++) yield* score(sequences)
  })

const jobs = {
  plain: (model: Model) => training(model, { recompute: false }),
  recomputed: (model: Model) => training(model, { recompute: true }),
  chunked: (model: Model) => training(model, { recompute: true, chunk: 128 }),
  sampling,
  scoring: (model: Model) => scoring(model),
  frozen: (model: Model) => scoring(model, true)
} as const
type Job = keyof typeof jobs
const isJob = (word: string): word is Job => Object.hasOwn(jobs, word)

/** Peak bytes of this process after the job. */
const measured = (job: Job, model: Model) =>
  jobs[job](model).pipe(
    Effect.scoped,
    Effect.provide(Onnx.cpu),
    Effect.map(() => process.resourceUsage().maxRSS * 1024)
  )

/** What the job would come to, from what this process takes before it. */
const predicted = (job: Job, model: Model) =>
  Effect.suspend(() => {
    const processBytes = process.memoryUsage().rss
    return Effect.andThen(
      Effect.scoped(jobs[job](model)),
      Effect.map(Rehearsal.usage, (usage) => processBytes + Rehearsal.peakBytes(usage))
    ).pipe(Effect.provide(Rehearsal.rehearsal))
  })

const [how, job, index] = process.argv.slice(2)
const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

const inProcess = (kind: "predict" | "measure", name: Job, size: number): number =>
  mebibytes(Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), kind, name, String(size)])))

if ((how === "predict" || how === "measure") && job !== undefined && isJob(job)) {
  const config = configOf(sizes[Number(index)]!)
  const model: Model = { config, params: initialise(config, 0) }
  const answer: Effect.Effect<number, unknown> = how === "predict" ? predicted(job, model) : measured(job, model)
  await Effect.runPromise(Effect.flatMap(answer, Console.log))
} else {
  const asked = process.argv.slice(2).filter(isJob)
  const names = asked.length === 0 ? (Object.keys(jobs) as ReadonlyArray<Job>) : asked
  const rows = names.flatMap((name) =>
    sizes.map(({ width, layers }, size) => {
      const [guess, truth] = [inProcess("predict", name, size), inProcess("measure", name, size)]
      return [name, width, layers, guess, truth, (guess / truth).toFixed(2)]
    })
  )
  await Effect.runPromise(
    Console.log(table(["job", "width", "layers", "predicted MiB", "measured MiB", "ratio"], rows))
  )
}
