import { Effect } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { ServerOptions } from "../../src/backends/server/index.ts"
import type { SamplingOptions } from "../../src/core/service/index.ts"
import {
  asking,
  expectSame,
  greedy,
  hot,
  onCompletions,
  requests,
  serve,
  settings,
  six,
  using,
  VOCABULARY
} from "./subject.ts"
import { BASE, EOS, type Fault, MAX_MODEL_LEN } from "./vllmServer.ts"

const server = await serve()
afterAll(() => server.close())
beforeEach(() => server.reset())

const { sample, failure, posts, direct } = asking(server)
const spoilt = (fault: Fault, options = six, given: Partial<ServerOptions> = {}) => {
  server.faults.push(fault)
  // One after the other, so that the fault meets the group of three.
  return failure(options, { concurrency: 1, ...given })
}

describe("Server.sample", () => {
  it("law: completions, ends and log-probabilities are those of the weights behind it, choices in any order", async () => {
    const expected = await direct(six)
    expect(new Set(expected.map(({ finishReason }) => finishReason)).size).toBe(2)
    for (const shuffled of [false, true]) {
      server.mode.shuffled = shuffled
      expectSame(await sample(six), expected)
    }
  })

  it("golden: one call a prompt, which leaves nothing to the server's defaults", async () => {
    await sample({ ...six, stopIds: [EOS, 4] })
    expect(posts().map(({ body }) => [body["prompt"], body["n"], body["seed"]])).toEqual([
      [[3, 4], 3, 7 * 256],
      [[5, 6, 7], 2, 9 * 256]
    ])
    expect(posts()[0]!.body).toMatchObject({
      model: BASE,
      max_tokens: 6,
      min_tokens: 0,
      temperature: 1,
      top_p: 1,
      top_k: 0,
      min_p: 0,
      repetition_penalty: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      stop: [],
      stop_token_ids: [EOS, 4],
      ignore_eos: true,
      logprobs: 0,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      skip_special_tokens: false
    })
  })

  it("law: no two completions of a call of sample share a seed, also where requests do", async () => {
    const same = Array.from({ length: 300 }, (_, i) => ({ prompt: i % 2 === 0 ? [3] : [4], seed: 5 }))
    const one = { ...six, maxTokens: 1 }
    await sample(one, {}, same)
    const seeds = posts().flatMap(({ body }) =>
      Array.from({ length: Number(body["n"]) }, (_, i) => Number(body["seed"]) + i)
    )
    expect([seeds.length, new Set(seeds).size]).toEqual([300, 300])
    server.seen.length = 0
    await sample(one, {}, [...same, ...Array.from({ length: 300 }, () => ({ prompt: [3], seed: 5 }))])
    expect(Math.max(...posts().map(({ body }) => Number(body["n"])))).toBe(256)
  })

  it("law: greedy completions are drawn once a prompt, and are those of any sampler", async () => {
    expectSame(await sample(greedy), await direct(greedy))
    expect(posts().map(({ body }) => body["n"])).toEqual([1, 1])
  })

  it("law: with processed log-probs, those of the model come from a second reading of the same tokens", async () => {
    server.mode.logProbs = "processed"
    expectSame(await sample(hot, { logProbs: "processed" }), await direct(hot))
    expectSame(await sample(greedy, { logProbs: "processed" }), await direct(greedy))
    const second = posts().filter(({ body }) => body["prompt_logprobs"] === 0)
    expect(second.length).toBe(4)
  })

  it("edge: an older server says the ids in the place of the tokens' text", async () => {
    server.mode.ids = "tokens"
    expectSame(await sample(six), await direct(six))
  })

  it("edge: a completion may fill the context, and is flagged as cut", async () => {
    const prompt = Array.from({ length: MAX_MODEL_LEN - 2 }, () => 5)
    const [cut] = await sample({ ...six, stopIds: [] }, {}, [{ prompt, seed: 1 }])
    expect(cut).toMatchObject({ finishReason: "length" })
    expect(cut!.completion.length).toBe(2)
    const error = await failure(six, {}, [{ prompt: [...prompt, 5, 5], seed: 1 }])
    expect(error).toMatchObject({ _tag: "PromptRejected", index: 0 })
  })

  it("edge: a completion that is read a second time leaves room for a token", async () => {
    server.mode.logProbs = "processed"
    const prompt = Array.from({ length: MAX_MODEL_LEN - 3 }, () => 5)
    const one = [{ prompt, seed: 1 }]
    const [cut] = await sample({ ...hot, stopIds: [] }, { logProbs: "processed" }, one)
    expect(cut!.completion.length).toBe(2)
    expect((await sample({ ...six, stopIds: [] }, { logProbs: "processed" }, one))[0]!.completion.length).toBe(3)
  })

  it("edge: no requests are no calls", async () => {
    expect(await sample(six, {}, [])).toEqual([])
    expect(posts()).toEqual([])
  })
})

describe("what an answer may not be", () => {
  const cases: ReadonlyArray<readonly [claim: string, spoil: Fault["spoil"], kind: string, says: string]> = [
    ["fewer choices than asked for", ({ choices }) => choices.pop(), "answer", "gives 2 completions"],
    ["two choices of one index", ({ choices }) => (choices[1]!["index"] = 0), "answer", "of indices 0, 2"],
    [
      "another prompt than was sent",
      ({ choices }) => (choices[0]!["prompt_token_ids"] = [2, 3, 4]),
      "answer",
      "prompt of 3 tokens"
    ],
    [
      "an aborted completion",
      ({ choices }) => (choices[2]!["finish_reason"] = "abort"),
      "aborted",
      'completion 2 ended by "abort"'
    ],
    ["a completion without an end", ({ choices }) => (choices[0]!["finish_reason"] = null), "aborted", '"null"'],
    [
      "more tokens than log-probabilities",
      ({ choices }) => (choices[0]!["token_ids"] = [3, 4, 5, 6, 7]),
      "answer",
      "5 tokens come with"
    ],
    [
      "tokens after a stop id",
      ({ choices }) => replaceIds(choices[0]!, [3, EOS, 4]),
      "answer",
      `after stop token ${EOS}`
    ],
    [
      "more tokens than asked for",
      ({ choices }) => replaceIds(choices[0]!, [3, 3, 3, 3, 3, 3, 3]),
      "answer",
      "7 tokens are more than 6"
    ],
    [
      "an end that was not asked for",
      ({ choices }) => replaceIds(choices[0]!, [3, 4], "stop"),
      "answer",
      "is no stop id"
    ],
    ["no tokens at all", ({ choices }) => replaceIds(choices[0]!, []), "answer", "a completion of 0 tokens"],
    [
      "an id that the tokenizer lacks",
      ({ choices }) => replaceIds(choices[0]!, [VOCABULARY]),
      "answer",
      "outside the vocabulary"
    ],
    ["no log-probabilities", ({ choices }) => (choices[0]!["logprobs"] = null), "answer", "0 log-probabilities"],
    [
      "log-probabilities above 0",
      ({ choices }) => replaceIds(choices[0]!, [3], "length", 0.5),
      "answer",
      "some above 0"
    ],
    ["another model's name", (answer) => (answer.model = "lab/other"), "model", '"lab/other" answers'],
    ["no completion", (answer) => (answer.choices = []), "answer", "gives 0 completions"]
  ]
  const replaceIds = (choice: Record<string, unknown>, ids: ReadonlyArray<number>, end = "length", logprob = -1) =>
    Object.assign(choice, {
      token_ids: ids,
      finish_reason: end,
      stop_reason: null,
      logprobs: { tokens: ids.map(String), token_logprobs: ids.map(() => logprob) }
    })

  it.each(cases)("error: %s", async (_, spoil, kind, says) => {
    const error = await spoilt({ ...onCompletions, spoil: spoil! })
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind })
    expect(error.message).toContain(says)
  })

  it("error: text without ids names the server's option", async () => {
    server.mode.ids = "text"
    const error = await failure(six)
    expect(error.message).toContain("return_token_ids")
  })

  it("error: one random stream for all completions of a call is found by their coincidence", async () => {
    server.mode.seeds = "one"
    const error = await failure(
      { ...six, stopIds: [] },
      {},
      Array.from({ length: 8 }, (_, seed) => ({ prompt: [3, 4], seed }))
    )
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind: "answer" })
    expect(error.message).toContain("random stream of its own")
  })

  it("error: an unknown model never falls back to the base", async () => {
    const error = await using(settings(server.url), () =>
      Effect.flip(Effect.tryPromise(() => sample(six, { model: "lab/none" })))
    )
    expect(String(error.cause)).toContain(`does not serve "lab/none", only "${BASE}"`)
  })
})

describe("what is not asked", () => {
  const cases: ReadonlyArray<readonly [SamplingOptions, string]> = [
    [{ ...six, temperature: 0.5 }, "processed_logprobs"],
    [{ ...six, topP: 0.9 }, "processed_logprobs"],
    [{ ...six, repetitionPenalty: 1.1 }, "processed_logprobs"],
    [{ ...six, temperature: 0.005 }, "raises it to 0.01"],
    [{ ...six, stopIds: [VOCABULARY] }, "can never be drawn"]
  ]
  it.each(cases)("error: %j", async (options, says) => {
    const error = await failure(options)
    expect(error._tag).toBe("BadSamplingOptions")
    expect(error.message).toContain(says)
    expect(posts()).toEqual([])
  })

  it("error: seeds that are no integers in range, and prompts outside the vocabulary", async () => {
    for (const seed of [-1, 0.5, 2 ** 46]) {
      const error = await failure(six, {}, [requests[0]!, { prompt: [3], seed }])
      expect(error).toMatchObject({ _tag: "PromptRejected", index: 1 })
    }
    const error = await failure(six, {}, [{ prompt: [VOCABULARY], seed: 1 }])
    expect(error._tag).toBe("PromptRejected")
  })

  it("error: an address with a key in it, or none", async () => {
    for (const url of ["http://me:secret@127.0.0.1:1", "localhost", "ftp://127.0.0.1"]) {
      const error = await sample(six, { url }).catch((e: unknown) => String(e))
      expect(error).toContain("its address cannot be used")
      expect(error).not.toContain("secret")
    }
  })
})
