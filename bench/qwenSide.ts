/**
 * Our side of `bench/qwen.ts`: the jobs of bench/qwen.py, in its protocol, with one more field: `weights`, "mapped" for
 * weights that stay in the file, "loaded" for those that are read into memory, and in
 * `train` "quantised" for those whose linear modules are held in 4 bits.
 */
import { createInterface } from "node:readline"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem, Layer, ManagedRuntime, Result, Schema, Scope, Stream } from "effect"
import { Onnx } from "../src/backends/onnx/index.ts"
import { AdapterConfigs, Adapters, withAdapter } from "../src/core/adapter/index.ts"
import { loadInto, type ModelFolder, mapInto, open, parameters } from "../src/core/checkpoint/index.ts"
import { forward, logits, parameterSpecs, tokenLogProbs } from "../src/core/model/index.ts"
import { adamw, paramName, residentParams, trainStep } from "../src/core/optim/index.ts"
import { input, mean, neg, Programs, Steps, sum } from "../src/core/program/index.ts"
import { plain, Sampling } from "../src/core/sampling/index.ts"
import { Backend, type Memory } from "../src/core/service/index.ts"
import { Rng, type Tensor, Tensors } from "../src/core/tensor/index.ts"
import { partsOf, quantise, quantised } from "../src/core/transform/index.ts"

type Environment = Backend | FileSystem.FileSystem

const weights = Schema.Literals(["mapped", "loaded"])
const trained = Schema.Literals(["mapped", "loaded", "quantised"])
const Job = Schema.TaggedUnion({
  load: { folder: Schema.String, weights },
  sample: { folder: Schema.String, B: Schema.Int, P: Schema.Int, T: Schema.Int, weights },
  train: { folder: Schema.String, B: Schema.Int, T: Schema.Int, rank: Schema.Int, weights: trained }
})
type Job = typeof Job.Type
type Of<T extends Job["_tag"]> = Extract<Job, { readonly _tag: T }>

const Request = Schema.Union([
  Schema.Struct({ do: Schema.Literal("threads"), threads: Schema.Int }),
  Schema.Struct({ do: Schema.Literal("prepare"), job: Job }),
  Schema.Struct({ do: Schema.Literal("run"), times: Schema.Int })
])
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Request))

/** Ids of real tokens; both sides' work is the same whatever they are. */
const tokens = (B: number, T: number): Tensor => {
  const rng = Rng.make("qwen")
  return Tensors.i32(
    Int32Array.from({ length: B * T }, () => Rng.int(rng, 151643)),
    [B, T]
  )
}

/** Whether a parameter is the matrix of a linear module of a layer. */
const isLinear = (name: string): boolean => name.endsWith("_proj.weight")

/** Parameters one by one, linear modules in 4 bits. */
const loadQuantised = (memory: Memory, model: ModelFolder) =>
  Stream.runForEach(parameters(model), ([name, tensor]) =>
    memory.write(isLinear(name) ? partsOf(paramName(name), quantise(tensor)) : { [paramName(name)]: tensor })
  )

/** A memory with the checkpoint's parameters. */
const opened = Effect.fnUntraced(function* ({ folder, weights }: Pick<Job, "folder" | "weights">) {
  const memory = yield* Backend.use((b) => b.memory)
  const model = yield* open(folder)
  const into = { mapped: mapInto, loaded: loadInto, quantised: loadQuantised }[weights]
  yield* into(memory, model)
  return { memory, config: model.config, frozen: parameterSpecs(model.config) }
})

const frozenNames = (job: Job, names: ReadonlyArray<string>) =>
  job.weights === "mapped" ? names.map((name) => paramName(name)) : []

const load = (job: Of<"load">) =>
  Effect.succeed(
    Effect.gen(function* () {
      const { memory, config, frozen } = yield* opened(job)
      const names = Object.keys(frozen)
      const params = Object.fromEntries(names.map((name) => [name, input(paramName(name), frozen[name]!.shape)]))
      const ids = tokens(2, 32)
      const { hidden } = forward(config, params, input("ids", ids.shape, "i32"))
      const program = Programs.fromExprs({ total: sum(logits(config, params, hidden)) })
      const step = Steps.make({ program, resident: names.map((name) => paramName(name)), carry: [], guard: [] })
      const executable = yield* Backend.use((b) => b.compile(step, { memory, freeze: frozenNames(job, names) }))
      return (yield* executable.run({ ids }))["total"]!.data[0]
    }).pipe(Effect.scoped)
  )

const sample = Effect.fnUntraced(function* (job: Of<"sample">) {
  const { B, P, T } = job
  const { memory, config } = yield* opened(job)
  const frozen = job.weights === "mapped"
  const sampler = yield* Sampling.make({ config, memory, contextLength: P + T, batchSize: B, frozen })
  const ids = Array.from(tokens(B, P).data)
  const requests = Array.from({ length: B }, (_, b) => ({ prompt: ids.slice(b * P, (b + 1) * P), seed: b }))
  return Effect.map(sampler.sample(requests, { ...plain(T), temperature: 0 }), (drawn) =>
    drawn.reduce((n, { completion }) => n + completion.length, 0)
  )
})

const train = Effect.fnUntraced(function* (job: Of<"train">) {
  const { B, T, rank } = job
  const { memory, config, frozen } = yield* opened(job)
  const adapter = Result.getOrThrow(
    Result.flatMap(AdapterConfigs.make({ r: rank, lora_alpha: 2 * rank, target_modules: "all-linear" }), (of) =>
      Adapters.make(of, config)
    )
  )
  const built = Result.getOrThrow(
    trainStep({
      params: adapter.params,
      frozen,
      batch: { ids: Programs.spec([B, T], "i32") },
      loss: (params, { ids }) =>
        withAdapter(adapter, params, params, (adapted) => {
          const { hidden } = forward(config, adapted, ids)
          return { loss: neg(mean(tokenLogProbs(config, adapted, hidden, ids).logProbs)) }
        }),
      optimiser: adamw({ learningRate: 1e-4, weightDecay: 0.01 })
    })
  )
  yield* memory.write({ ...residentParams(Adapters.initialise(adapter, "bench")), ...built.initialState })
  const linear = Object.keys(frozen).filter(isLinear)
  const step =
    job.weights === "quantised"
      ? quantised(
          built.step,
          linear.map((name) => paramName(name))
        )
      : built.step
  const trains = new Set(step.carry.map(({ into }) => into))
  const freeze = job.weights === "loaded" ? [] : step.resident.filter((name) => !trains.has(name))
  const executable = yield* Backend.use((b) => b.compile(step, { memory, freeze }))
  const ids = tokens(B, T)
  let count = 0
  return Effect.suspend(() =>
    Effect.map(executable.run({ ids, ...built.feeds(count++) }), (out) => out["loss"]!.data[0])
  )
})

type Prepared = Effect.Effect<Effect.Effect<unknown, Error, Environment>, Error, Environment | Scope.Scope>

const prepare = (job: Job): Prepared => {
  switch (job._tag) {
    case "load":
      return load(job)
    case "sample":
      return sample(job)
    case "train":
      return train(job)
  }
}

const runtimeOf = (threads: number) => ManagedRuntime.make(Layer.merge(Onnx.cpuWith({ threads }), NodeServices.layer))
let runtime = runtimeOf(0)
const scope = Scope.makeUnsafe()
let once: () => Promise<unknown> = async () => undefined

const answer = async (line: string): Promise<Readonly<Record<string, unknown>>> => {
  const request = decode(line)
  switch (request.do) {
    case "threads":
      runtime = runtimeOf(request.threads)
      return { name: "rewardflow" }
    case "prepare": {
      const job = await runtime.runPromise(Scope.provide(prepare(request.job), scope))
      once = () => runtime.runPromise(job)
      return {}
    }
    case "run": {
      const began = performance.now()
      let value: unknown
      for (let i = 0; i < request.times; i++) value = await once()
      const ms = (performance.now() - began) / request.times
      return { ms, peakBytes: process.resourceUsage().maxRSS * 1024, value }
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const written = await answer(line).catch((error: unknown) => ({ failed: String(error) }))
  process.stdout.write(`${JSON.stringify(written)}\n`)
}
process.exit(0)
