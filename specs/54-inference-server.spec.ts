import { Effect, Layer, Result } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestConsole } from "effect/testing"
import { describe, expect, it } from "vitest"
import { main } from "../examples/inference-server.ts"
import { Server } from "../src/backends/server/index.ts"
import { agreement, checkAgreement, plain } from "../src/core/sampling/index.ts"
import { Sampler } from "../src/core/service/index.ts"

const models = { object: "list", data: [{ id: "m", object: "model", max_model_len: 16 }] }
const choice = (index: number, token_ids: ReadonlyArray<number>, token_logprobs: ReadonlyArray<number>) => ({
  index,
  text: "",
  finish_reason: token_ids.at(-1) === 2 ? "stop" : "length",
  stop_reason: null,
  token_ids,
  logprobs: { tokens: [], token_logprobs, top_logprobs: [], text_offset: [] }
})

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest) =>
  body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : undefined

/** A server whose answers to completion requests are written down, in their order. */
const written = (...answers: ReadonlyArray<ReadonlyArray<object>>) => {
  const bodies: Array<Readonly<Record<string, unknown>>> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const body = bodyOf(request)
      if (body !== undefined) bodies.push(body)
      return HttpClientResponse.fromWeb(
        request,
        new Response(JSON.stringify(body === undefined ? models : { model: "m", choices: answers[bodies.length - 1] }))
      )
    })
  )
  const http = Layer.succeed(HttpClient.HttpClient, client)
  const options = { url: "http://h:1/v1/", model: "m", vocabulary: 9, concurrency: 1, logProbs: "processed" } as const
  return { bodies, http, layer: Server.layer(options).pipe(Layer.provide(http)) }
}

describe("calls", () => {
  const requests = [
    { prompt: [3, 4], seed: 7 },
    { prompt: [5], seed: 7 },
    { prompt: [3, 4], seed: 9 }
  ]

  it("golden: the table of section 1, and completions by their index", async () => {
    const server = written([choice(1, [6], [-0.5]), choice(0, [7, 2], [-1, -0.25])], [choice(0, [2], [-3])])
    const sampled = await Sampler.use((sampler) => sampler.sample(requests, plain(2, [2]))).pipe(
      Effect.provide(server.layer),
      Effect.runPromise
    )
    expect(server.bodies.map(({ prompt, n, seed }) => ({ prompt, n, seed }))).toEqual([
      { prompt: [3, 4], n: 2, seed: 1792 },
      { prompt: [5], n: 1, seed: 2048 }
    ])
    expect(sampled).toEqual([
      { completion: [7, 2], finishReason: "stop", logProbs: [-1, -0.25], rawLogProbs: [-1, -0.25] },
      { completion: [2], finishReason: "stop", logProbs: [-3], rawLogProbs: [-3] },
      { completion: [6], finishReason: "length", logProbs: [-0.5], rawLogProbs: [-0.5] }
    ])
  })

  it("golden: a second reading, of the tokens from the end of the prompt on", async () => {
    const read = [null, { 4: { logprob: -9 } }, { 7: { logprob: -2 }, 8: { logprob: -1 } }, { 2: { logprob: -0.5 } }]
    const server = written([choice(0, [7, 2], [-1, -0.25])], [{ ...choice(0, [1], []), prompt_logprobs: read }])
    const sampled = await Sampler.use((sampler) =>
      sampler.sample(requests.slice(0, 1), { ...plain(2, [2]), temperature: 2 })
    ).pipe(Effect.provide(server.layer), Effect.runPromise)
    expect(server.bodies[1]).toMatchObject({ prompt: [[3, 4, 7, 2]], n: 1, max_tokens: 1, prompt_logprobs: 0 })
    expect(sampled).toEqual([
      { completion: [7, 2], finishReason: "stop", logProbs: [-1, -0.25], rawLogProbs: [-2, -0.5] }
    ])
  })
})

describe("failures", () => {
  it("error: an answer that fetch does not wait for is not asked for again", async () => {
    let asked = 0
    const cause = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" })
    const impatient = HttpClient.make((request) => {
      asked++
      const reason = new HttpClientError.TransportError({ request, cause: new TypeError("fetch failed", { cause }) })
      return Effect.fail(new HttpClientError.HttpClientError({ reason }))
    })
    const error = await Server.make({ url: "http://h:1", model: "m", vocabulary: 9 }).pipe(
      Effect.flip,
      Effect.scoped,
      Effect.provideService(HttpClient.HttpClient, impatient),
      Effect.runPromise
    )
    expect([asked, error.kind]).toEqual([1, "unreachable"])
    expect(error.message).toContain("NodeHttpClient.layerNodeHttp")
  })
})

describe("examples/inference-server.ts", () => {
  it("golden: prints four completions of one call", async () => {
    const server = written([3, 1, 0, 2].map((i) => choice(i, [5 + i], [-i / 2])))
    const printed = Effect.andThen(main("http://h:1", "m"), TestConsole.logLines)
    const lines = await printed.pipe(Effect.provide(Layer.mergeAll(server.http, TestConsole.layer)), Effect.runPromise)
    expect(lines).toEqual([0, 1, 2, 3].map((i) => `${5 + i} (length, ${(-i / 2).toFixed(2)} nats)`))
  })
})

describe("checkAgreement", () => {
  const likely = (rawLogProbs: ReadonlyArray<number>, own: ReadonlyArray<number>) =>
    Result.getOrThrow(Result.flip(checkAgreement([{ rawLogProbs }], [own]))).likely

  it("golden: mean and largest difference by hand", () => {
    expect(agreement([[-1.5, -1], [-0.5]], [[-1, -2], [-0.5]])).toEqual({ tokens: 3, mean: 0.5, largest: 1 })
    expect(agreement([], [])).toEqual({ tokens: 0, mean: 0, largest: 0 })
    expect(agreement([[Number.NaN]], [[-1]]).mean).toBe(Number.POSITIVE_INFINITY)
  })

  it("golden: the tolerance is that of the mean", () => {
    const sampled = [{ rawLogProbs: [-1.09, -2] }]
    expect(Result.isSuccess(checkAgreement(sampled, [[-1, -2]]))).toBe(true)
    expect(Result.isSuccess(checkAgreement(sampled, [[-1, -2]], 0.04))).toBe(false)
  })

  it("golden: the causes of section 2", () => {
    const own = Array.from({ length: 20 }, (_, t) => -1 - ((t * 7) % 5))
    expect(likely([-9, ...own.slice(0, -1)], own)).toContain("moved by a token")
    expect(likely([...own.slice(1), -9], own)).toContain("moved by a token")
    const truncated = own.map((x) => x + 0.3)
    expect(likely(truncated, own)).toContain("after temperature and truncation")
    expect(likely([own[0]! - 0.3, ...truncated.slice(1)], own)).toContain("other weights")
    expect(likely(truncated.slice(0, 15), own.slice(0, 15))).toContain("other weights")
  })

  it("error: numbers and cause are in the message", () => {
    const failure = Result.getOrThrow(Result.flip(checkAgreement([{ rawLogProbs: [-2] }], [[-1]])))
    expect(failure.message).toContain("disagree by 1.0000 nats a token (largest 1.0000, 1 tokens; at most 0.05")
  })
})
