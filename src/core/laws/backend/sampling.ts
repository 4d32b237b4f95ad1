import { Effect, type Layer } from "effect"
import type { ModelConfig } from "../../model/index.ts"
import { residentParams } from "../../optim/index.ts"
import { plain, Sampling } from "../../sampling/index.ts"
import { Backend, type SampleRequest, type SamplingOptions } from "../../service/index.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { beside } from "./beside.ts"
import { type Tolerance, unlike } from "./Tolerance.ts"
import { tinyModels, tinyParams } from "./tinyModels.ts"

/** Prompts of several lengths, some of them twice, so that rows are padded, shared, compacted. */
const requests: ReadonlyArray<SampleRequest> = [
  [1, 2, 3],
  [1, 2, 3],
  [12],
  [4, 4, 4, 4, 4, 4],
  [7, 0, 11, 2, 5],
  [9, 10]
].map((prompt, i) => ({ prompt, seed: 100 + i }))

const ways: Readonly<Record<string, SamplingOptions>> = {
  greedily: { ...plain(10, [2]), temperature: 0 },
  "from the whole distribution": plain(10, [2]),
  "with every filter": {
    ...plain(8, [2, 9]),
    temperature: 0.8,
    topK: 6,
    topP: 0.9,
    minP: 0.05,
    repetitionPenalty: 1.2
  }
}

const drawn = (config: ModelConfig, options: SamplingOptions, frozen: boolean) =>
  Effect.gen(function* () {
    const memory = yield* (yield* Backend).memory
    yield* memory.write(residentParams(tinyParams(config, "language")))
    const settings = { config, memory, contextLength: 32, batchSize: 4, unroll: 3, padTo: 4, frozen }
    const sampler = yield* Sampling.make(settings)
    return yield* sampler.sample(requests, options)
  })

/** That the same requests draw the same tokens, with the same log-probabilities. */
export const samplingLaws = (reference: Layer.Layer<Backend>, tolerance: Tolerance): ReadonlyArray<BackendLaw> =>
  Object.entries(tinyModels).flatMap(([family, config], i) =>
    Object.entries(ways).map(([how, options]) =>
      backendLaw(
        "sampling",
        `${family}: equal seeds draw equal tokens ${how}`,
        Effect.gen(function* () {
          const [found, expected] = yield* beside(reference, drawn(config, options, i % 2 === 1))
          for (const [k, one] of expected.entries()) {
            const other = found[k]!
            const [own, right] = [other.completion.join(" "), one.completion.join(" ")]
            if (own !== right) return `completion ${k} is ${own}, not ${right}`
            if (other.finishReason !== one.finishReason) return `completion ${k} ended by ${other.finishReason}`
            const wrong =
              unlike(other.logProbs, one.logProbs, tolerance) ?? unlike(other.rawLogProbs, one.rawLogProbs, tolerance)
            if (wrong !== undefined) return `a log-probability of completion ${k} ${wrong}`
          }
          return undefined
        })
      )
    )
  )
