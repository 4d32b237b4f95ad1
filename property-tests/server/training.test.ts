import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import type { AdapterOptions, ServerOptions } from "../../src/backends/server/index.ts"
import { Grpo, type GrpoOptions, Policies } from "../../src/core/learner/index.ts"
import { Safetensors } from "../../src/core/model/index.ts"
import type { AdvantageEstimator } from "../../src/core/objective/index.ts"
import type { Feeds, Sampler } from "../../src/core/service/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import * as Learning from "../learner/subject.ts"
import { greedy, hot, params, serve, settings, six, using, weights } from "./subject.ts"
import { BASE, type Fault } from "./vllmServer.ts"

const server = await serve()
const folder = mkdtempSync(join(tmpdir(), "adapters-"))
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => server.reset())

let files = 0
/** Stores parameters as the test's server reads them. */
const publish = (_: number, tensors: Feeds) =>
  Effect.sync(() => {
    const path = join(folder, `${files++}.safetensors`)
    writeFileSync(path, Safetensors.encode(tensors))
    return path
  })
const hotLoaded = (adapters: Partial<AdapterOptions> = {}, options: Partial<ServerOptions> = {}) =>
  settings(server.url, { ...options, adapters: { publish, ...adapters } })
const sent = (path: string) => server.seen.filter((one) => one.path.endsWith(path))

/** The reward as it is, without a baseline: in a group of equal greedy completions any other would leave nothing to learn. */
const unchanged: AdvantageEstimator = {
  name: "reward",
  estimate: (group) => group.map(({ units, unitOf }) => Float64Array.from(unitOf, (unit) => units[unit]! - 1))
}

/** A run, and the completions that were rewarded in it, in their order. */
const run = (options: Partial<Policies.PolicyOptions>, step: Partial<GrpoOptions["step"]>) =>
  Effect.gen(function* () {
    const completions: Array<ReadonlyArray<number>> = []
    const usual = Learning.grpo()
    const stage = yield* Grpo.make({
      ...usual,
      policy: Learning.policy({ params, ...options }),
      step: { ...usual.step, generations: 2, ...step },
      judge: (item, completion) => {
        completions.push(completion)
        return usual.judge(item, completion)
      }
    })
    yield* stage.start
    const metrics = yield* Learning.steps(stage, 0, stage.steps)
    return { completions, metrics, params: yield* stage.result }
  }).pipe(Effect.scoped, Effect.provide(Reference.layer))

describe("training", () => {
  it("law: a greedy run draws the same tokens and learns the same parameters with either sampler", async () => {
    const options = { sampling: greedy }
    const step = { advantage: unchanged }
    const inProcess = await Effect.runPromise(run(options, step))
    const remote = await using(hotLoaded(), (sampler) => run({ ...options, sampler }, step))
    expect(remote.completions).toEqual(inProcess.completions)
    expect(new Set(inProcess.completions.map(String)).size).toBeGreaterThan(6)
    expect(Learning.bytes(inProcess.params)).not.toEqual(Learning.bytes(params))
    for (const [name, { data }] of Object.entries(remote.params)) {
      for (const [i, x] of data.entries()) expect(x).toBeCloseTo(Number(inProcess.params[name]!.data[i]), 6)
    }
    for (const [i, metrics] of remote.metrics.entries()) {
      for (const [name, x] of Object.entries(metrics)) expect(x).toBeCloseTo(Number(inProcess.metrics[i]![name]), 5)
    }
  })

  it("law: a sampled run needs one version an update, never the base, and leaves nothing loaded", async () => {
    server.mode.logProbs = "processed"
    const { completions } = await using(hotLoaded({}, { logProbs: "processed" }), (sampler) =>
      run({ sampling: hot, sampler }, {})
    )
    expect(completions.length).toBe(24)
    const names = sent("/load_lora_adapter").map(({ body }) => String(body["lora_name"]))
    expect(names.map((name) => name.slice(0, 13))).toEqual([1, 2, 3, 4].map((version) => `policy-00000${version}`))
    expect(new Set(names).size).toBe(4)
    const asked = [...new Set(sent("/completions").map(({ body }) => body["model"]))]
    expect(asked).toEqual(names)
    expect(sent("/unload_lora_adapter").map(({ body }) => body["lora_name"])).toEqual(names)
    expect(server.loaded()).toEqual([])
  })

  it("law: parameters that did not change are not loaded again; restored ones are", async () => {
    await using(hotLoaded(), (sampler) =>
      Effect.gen(function* () {
        const policy = yield* Policies.make(Learning.policy({ params, sampling: six, sampler }))
        yield* policy.start
        yield* policy.sample([[3, 4]], Rng.make(1))
        yield* policy.sample([[3, 4]], Rng.make(2))
        expect(sent("/load_lora_adapter").length).toBe(1)
        yield* policy.restore(yield* policy.save)
        yield* policy.sample([[3, 4]], Rng.make(3))
        expect(sent("/load_lora_adapter").length).toBe(2)
      }).pipe(Effect.provide(Reference.layer))
    )
  })

  it("error: a server with other weights is found on the first batch", async () => {
    const wrong = (version: number) => publish(version, weights(6))
    const error = await using(hotLoaded({ publish: wrong }), (sampler) =>
      Effect.flip(run({ sampling: six, sampler }, {}))
    )
    expect(error).toMatchObject({ _tag: "LogProbMismatch", tolerance: 0.05 })
    expect(error.message).toContain("holds other weights")
  })

  it("error: log-probabilities of the distribution drawn from, where those of the model were promised", async () => {
    server.mode.logProbs = "processed"
    const error = await using(hotLoaded(), (sampler) => Effect.flip(run({ sampling: greedy, sampler }, {})))
    expect(error).toMatchObject({ _tag: "LogProbMismatch" })
    expect(error.message).toContain("--logprobs-mode raw_logprobs")
  })

  it("error: a server without adapters cannot follow", async () => {
    const error = await using(settings(server.url), (sampler) => Effect.flip(run({ sampling: six, sampler }, {})))
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind: "model" })
    expect(error.message).toContain("Set `adapters`")
  })
})

describe("adapters", () => {
  const requests = [{ prompt: [3, 4], seed: 1 }]
  const follow = (sampler: Sampler["Service"], version = 1) => sampler.follow(version, Effect.succeed(params))
  const failing = (fault?: Fault, adapters: Partial<AdapterOptions> = {}) =>
    using(hotLoaded(adapters), (sampler) => {
      if (fault !== undefined) server.faults.push(fault)
      return Effect.flip(follow(sampler))
    })

  it("law: `keep` versions stay loaded, the oldest goes first", async () => {
    await using(hotLoaded({ keep: 3, prefix: "mine" }), (sampler) =>
      Effect.gen(function* () {
        for (const version of [1, 2, 3, 4, 5]) yield* follow(sampler, version)
        expect(server.loaded().map((name) => name.slice(0, 11))).toEqual(["mine-000003", "mine-000004", "mine-000005"])
      })
    )
  })

  it("law: one version loaded twice has two names", async () => {
    await using(hotLoaded(), (sampler) =>
      Effect.gen(function* () {
        yield* follow(sampler)
        yield* follow(sampler)
        expect(server.loaded().length).toBe(2)
      })
    )
  })

  it("edge: an adapter whose answer was lost is loaded all the same", async () => {
    await using(hotLoaded(), (sampler) => {
      server.faults.push({ on: "/load_lora", drop: "after" })
      return Effect.andThen(follow(sampler), sampler.sample(requests, six))
    })
    expect(sent("/load_lora_adapter").length).toBe(2)
  })

  it("edge: an adapter that is gone already counts as unloaded", async () => {
    await using(hotLoaded({ keep: 1 }), (sampler) =>
      Effect.gen(function* () {
        yield* follow(sampler, 1)
        server.faults.push({ on: "/unload_lora", drop: "after" })
        yield* follow(sampler, 2)
        expect(server.loaded().map((name) => name.slice(0, 13))).toEqual(["policy-000002"])
      })
    )
    expect(sent("/unload_lora_adapter").length).toBe(3)
  })

  it("error: before the first version, nothing is sampled", async () => {
    const error = await using(hotLoaded(), (sampler) => Effect.flip(sampler.sample(requests, six)))
    expect(error.message).toContain("no version of the policy is loaded yet")
    expect(sent("/completions")).toEqual([])
  })

  it("error: an adapter that cannot be read is not asked for again", async () => {
    const error = await failing(undefined, { publish: () => Effect.succeed(join(folder, "nowhere")) })
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind: "model" })
    expect(error.message).toContain("the adapter is not loaded: it answers 500")
    expect(sent("/load_lora_adapter").length).toBe(1)
  })

  it("error: a server that loads nothing at run time names the switch", async () => {
    server.mode.updating = false
    expect((await failing()).message).toContain("VLLM_ALLOW_RUNTIME_LORA_UPDATING=True")
  })

  it("error: a server that says that it loaded, and did not", async () => {
    const error = await failing({ on: "/load_lora", text: "Success" })
    expect(error.message).toContain(`only "${BASE}"`)
  })

  it("error: an adapter on another base", async () => {
    server.mode.parent = "lab/other"
    const error = await failing()
    expect(error.message).toContain('lies on "lab/other"')
  })

  it("error: an adapter that was unloaded meanwhile fails, also where the base answers in its place", async () => {
    for (const unknown of ["refused", "base"] as const) {
      const error = await using(hotLoaded(), (sampler) =>
        Effect.gen(function* () {
          yield* follow(sampler)
          server.reset()
          server.mode.unknown = unknown
          return yield* Effect.flip(sampler.sample(requests, six))
        })
      )
      expect(error).toMatchObject({ _tag: "SamplerFailure", kind: "model" })
    }
  })
})
