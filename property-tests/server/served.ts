import { Effect, Exit, type Layer, ManagedRuntime, Scope } from "effect"
import { type Params, Scorer } from "../../src/core/learner/index.ts"
import type { ModelConfig } from "../../src/core/model/index.ts"
import { residentParams } from "../../src/core/optim/index.ts"
import { Sampling } from "../../src/core/sampling/index.ts"
import { Backend, type Sampled, type SampleRequest, type SamplingOptions } from "../../src/core/service/index.ts"

/** Weights that a server answers from. */
export interface Decoder {
  readonly draw: (requests: ReadonlyArray<SampleRequest>, options: SamplingOptions) => Promise<ReadonlyArray<Sampled>>
  /** log π of every token of a sequence but the first. */
  readonly score: (sequences: ReadonlyArray<ReadonlyArray<number>>) => Promise<ReadonlyArray<ReadonlyArray<number>>>
}

/** Makes decoders of this project's own model, on a backend of their own. */
export const decoders = <E>(config: ModelConfig, layer: Layer.Layer<Backend, E>) => {
  const runtime = ManagedRuntime.make(layer)
  const scope = Effect.runSync(Scope.make())
  const load = (params: Params): Promise<Decoder> =>
    Effect.gen(function* () {
      const memory = yield* (yield* Backend).memory
      yield* memory.write(residentParams(params))
      const contextLength = config.max_position_embeddings
      const sampler = yield* Sampling.make({ config, memory, contextLength, batchSize: 8, padTo: 4 })
      const logProbs = yield* Scorer.logProbs(config, memory)
      const decoder: Decoder = {
        draw: (requests, options) => runtime.runPromise(sampler.sample(requests, options)),
        score: async (sequences) => {
          const rows = sequences.map(([first, ...rest]) => ({ prompt: [first!], completion: rest }))
          return (await runtime.runPromise(logProbs(rows))).map((row) => Array.from(row))
        }
      }
      return decoder
    }).pipe(Effect.provideService(Scope.Scope, scope), (effect) => runtime.runPromise(effect))
  return {
    load,
    close: async (): Promise<void> => {
      await runtime.runPromise(Scope.close(scope, Exit.void))
      await runtime.dispose()
    }
  }
}
