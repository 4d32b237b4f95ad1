import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { ConfigProvider, Effect, Layer, type Scope } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { expect } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { Server, type ServerOptions } from "../../src/backends/server/index.ts"
import { fromFiles, merge } from "../../src/core/adapter/index.ts"
import type { Params } from "../../src/core/learner/index.ts"
import { initialise, Safetensors } from "../../src/core/model/index.ts"
import { plain } from "../../src/core/sampling/index.ts"
import type { Sampled, SampleRequest, Sampler, SamplingOptions } from "../../src/core/service/index.ts"
import * as Learning from "../learner/subject.ts"
import { decoders } from "./served.ts"
import { BASE, EOS, vllmServer } from "./vllmServer.ts"

export const { config, VOCABULARY } = Learning

/** Weights so large that distributions are far from uniform and differ from token to token. */
export const weights = (seed: number): Params => initialise({ ...config, initializer_range: 0.7 }, seed)
export const params = weights(5)

/** The weights that lie there: all of them in a file, or an adapter of the base in PEFT's folder. */
const weightsAt = (path: string) =>
  Effect.gen(function* () {
    if (!statSync(path).isDirectory()) return (yield* Effect.fromResult(Safetensors.decode(readFileSync(path)))).tensors
    const text = readFileSync(join(path, "adapter_config.json"), "utf8")
    const files = { config: text, tensors: readFileSync(join(path, "adapter_model.safetensors")) }
    const { adapter, values } = yield* Effect.fromResult(fromFiles(files, config))
    return merge(adapter, params, values)
  })

/** A server that runs until `close`. */
export const serve = async () => {
  const models = decoders(config, Reference.layer)
  const read = (path: string) => models.load(Effect.runSync(weightsAt(path)))
  const base = await models.load(params)
  const server = await vllmServer(base, read)
  return {
    ...server,
    /** The served base weights, asked directly. */
    base,
    models,
    close: async () => {
      await server.close()
      await models.close()
    }
  }
}

export const settings = (url: string, options: Partial<ServerOptions> = {}): ServerOptions => ({
  url,
  model: BASE,
  vocabulary: VOCABULARY,
  deadline: 5000,
  ...options
})

/** Runs with a sampler of the server. */
export const using = <A, E>(
  options: ServerOptions,
  test: (sampler: Sampler["Service"]) => Effect.Effect<A, E, HttpClient.HttpClient | Scope.Scope>,
  env: Readonly<Record<string, string>> = {},
  http: Layer.Layer<HttpClient.HttpClient> = FetchHttpClient.layer
): Promise<A> =>
  Effect.flatMap(Server.make(options), test).pipe(
    Effect.scoped,
    Effect.provide(Layer.mergeAll(http, ConfigProvider.layer(ConfigProvider.fromUnknown(env)))),
    Effect.runPromise
  )

export const six: SamplingOptions = plain(6, [EOS])
export const greedy: SamplingOptions = { ...six, temperature: 0 }
export const hot: SamplingOptions = { ...six, temperature: 1.5, topK: 5, topP: 0.9 }

/** Three completions of one prompt, and two of another between them. */
export const requests: ReadonlyArray<SampleRequest> = [
  { prompt: [3, 4], seed: 7 },
  { prompt: [5, 6, 7], seed: 9 },
  { prompt: [3, 4], seed: 11 },
  { prompt: [3, 4], seed: 12 },
  { prompt: [5, 6, 7], seed: 13 }
]
/** The seeds that the server draws them with: those of a group follow each other from 256 times its first. */
export const drawnWith = [7 * 256, 9 * 256, 7 * 256 + 1, 7 * 256 + 2, 9 * 256 + 1]

/** That completions and ends are equal, and log-probabilities to nine places. */
export const expectSame = (found: ReadonlyArray<Sampled>, expected: ReadonlyArray<Sampled>) => {
  expect(found.map(({ completion, finishReason }) => ({ completion, finishReason }))).toEqual(
    expected.map(({ completion, finishReason }) => ({ completion, finishReason }))
  )
  for (const [i, { logProbs, rawLogProbs }] of found.entries()) {
    for (const [t, x] of logProbs.entries()) expect(x).toBeCloseTo(expected[i]!.logProbs[t]!, 9)
    for (const [t, x] of rawLogProbs.entries()) expect(x).toBeCloseTo(expected[i]!.rawLogProbs[t]!, 9)
  }
}

/** What the tests of a sampler ask of a server. */
export const asking = (server: Awaited<ReturnType<typeof serve>>) => ({
  sample: (options: SamplingOptions, given: Partial<ServerOptions> = {}, of = requests) =>
    using(settings(server.url, given), (sampler) => sampler.sample(of, options)),
  failure: (options: SamplingOptions, given: Partial<ServerOptions> = {}, of = requests) =>
    using(settings(server.url, given), (sampler) => Effect.flip(sampler.sample(of, options))),
  posts: () => server.seen.filter(({ path }) => path === "/v1/completions"),
  /** What the weights behind the server draw when asked directly. */
  direct: (options: SamplingOptions) =>
    server.base.draw(
      requests.map(({ prompt }, i) => ({ prompt, seed: drawnWith[i]! })),
      options
    )
})

/** Where most faults are put. */
export const onCompletions = { on: "completions" }
