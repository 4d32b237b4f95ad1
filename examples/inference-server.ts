// Completions from an inference server (vLLM) by token ids, and what they were worth to the sampler.
// Run: node --conditions=source examples/inference-server.ts http://127.0.0.1:8000 MODEL
import { Console, Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { Sampling, Service } from "rewardflow"
import { Server } from "rewardflow/server"

const prompt = [9707, 11, 1879] // ids of the model's own tokenizer, never text
const requests = Array.from({ length: 4 }, (_, seed) => ({ prompt, seed }))

export const main = (url: string, model: string) =>
  Effect.gen(function* () {
    // A learner takes it as `policy.sampler`; nothing else of the training changes.
    const sampler = yield* Service.Sampler
    const stopIds = [151643]
    for (const { completion, logProbs, finishReason } of yield* sampler.sample(requests, Sampling.plain(16, stopIds))) {
      const nats = logProbs.reduce((sum, x) => sum + x, 0)
      yield* Console.log(`${completion.join(" ")} (${finishReason}, ${nats.toFixed(2)} nats)`)
    }
  }).pipe(Effect.provide(Server.layer({ url, model, vocabulary: 151_665 })))

const [url = "http://127.0.0.1:8000", model = "Qwen/Qwen2.5-0.5B"] = process.argv.slice(2)
if (import.meta.main) await Effect.runPromise(main(url, model).pipe(Effect.provide(FetchHttpClient.layer)))
