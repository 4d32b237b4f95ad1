import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Fiber } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { Sampler } from "../../src/core/service/index.ts"
import { asking, expectSame, onCompletions, requests, serve, settings, six, using } from "./subject.ts"
import { type Fault, KEY } from "./vllmServer.ts"

const server = await serve()
afterAll(() => server.close())
beforeEach(() => server.reset())

const { sample, failure, posts, direct } = asking(server)

/** What goes wrong once. */
const passing: ReadonlyArray<readonly [string, Fault]> = [
  ["a server error", { ...onCompletions, status: 503 }],
  ["an engine that fails once", { ...onCompletions, status: 500 }],
  ["a kept connection that is reset", { ...onCompletions, drop: "before" }],
  ["an answer that is lost", { ...onCompletions, drop: "after" }],
  ["an answer that is cut off", { ...onCompletions, cutAt: 40 }],
  ["an answer that a proxy cut off", { ...onCompletions, text: '{"model":"lab/base","choi' }]
]

describe("what passes", () => {
  it.each(passing)("law: %s is asked again, and the completions are the same", async (_, fault) => {
    server.faults.push(fault)
    expectSame(await sample(six), await direct(six))
    expect(posts().length).toBe(3)
  })

  it("law: 429 waits as long as the server says, and no longer than the deadline", async () => {
    server.faults.push({ ...onCompletions, status: 429, headers: { "retry-after": "1" } })
    await sample(six, {}, requests.slice(0, 1))
    const [first, second] = posts()
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(950)
    server.faults.push({ ...onCompletions, status: 429, headers: { "retry-after": "3600" } })
    const error = await failure(six, {}, requests.slice(0, 1))
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind: "unreachable" })
    expect(error.message).toContain("429")
  })

  it("error: what goes on failing ends at the deadline, with what was wrong", async () => {
    server.faults.push(...Array.from({ length: 20 }, () => ({ ...onCompletions, status: 502 })))
    const start = Date.now()
    const error = await failure(six, { deadline: 900 }, requests.slice(0, 1))
    expect(error.message).toContain("no answer within 0.9 s: it answers 502")
    expect(Date.now() - start).toBeLessThan(1500)
    expect(posts().length).toBeGreaterThan(1)
  })

  it("error: a server that never answers ends at the deadline, and its requests are aborted", async () => {
    server.faults.push({ ...onCompletions, hold: true })
    const start = Date.now()
    const error = await failure(six, { deadline: 300 }, requests.slice(0, 1))
    expect(error).toMatchObject({ kind: "unreachable" })
    expect(Date.now() - start).toBeLessThan(3000)
    await expect.poll(() => posts()[0]!.aborted).toBe(true)
  })

  it.each([400, 404, 413, 422])("law: %i is never asked again", async (status) => {
    server.faults.push({ ...onCompletions, status })
    const error = await failure(six, {}, requests.slice(0, 1))
    expect(error).toMatchObject({ _tag: "SamplerFailure", kind: status === 404 ? "model" : "refused" })
    expect(error.message).toContain(`${status} (busy)`)
    expect(posts().length).toBe(1)
  })

  it("error: no server at all", async () => {
    const error = await sample(six, { url: "http://127.0.0.1:9", deadline: 300 }).catch((e: unknown) => String(e))
    expect(error).toContain("no answer within 0.3 s")
  })
})

describe("another HttpClient", () => {
  const overNodeHttp = <A, E>(test: (sampler: Sampler["Service"]) => Effect.Effect<A, E>, deadline = 5000) =>
    using(settings(server.url, { deadline }), test, {}, NodeHttpClient.layerNodeHttp)

  it.each(passing)("law: over node:http, %s is asked again as well", async (_, fault) => {
    server.faults.push(fault)
    expectSame(await overNodeHttp((sampler) => sampler.sample(requests, six)), await direct(six))
    expect(posts().length).toBe(3)
  })

  it("law: over node:http, requests are aborted as well", async () => {
    server.faults.push({ ...onCompletions, hold: true })
    const error = await overNodeHttp((sampler) => Effect.flip(sampler.sample(requests.slice(0, 1), six)), 300)
    expect(error).toMatchObject({ kind: "unreachable" })
    await expect.poll(() => posts()[0]!.aborted).toBe(true)
  })
})

describe("the key", () => {
  const key = { VLLM_API_KEY: KEY }
  it("law: is sent from the environment, and is in no error", async () => {
    server.mode.key = true
    const error = await using(
      settings(server.url),
      (sampler) => {
        server.faults.push({ ...onCompletions, status: 400 })
        return Effect.flip(sampler.sample(requests, six))
      },
      key
    )
    expect(posts()[0]!.authorization).toBe(`Bearer ${KEY}`)
    expect(`${error.message} ${JSON.stringify(error)} ${String(error)}`).not.toContain(KEY)
  })

  it("error: without it, the variable is named", async () => {
    server.mode.key = true
    const error = await sample(six).catch((e: unknown) => String(e))
    expect(error).toContain("VLLM_API_KEY is not set")
    const other = await using(settings(server.url, { apiKeyVariable: "OTHER" }), () => Effect.void, {
      OTHER: "wrong"
    }).catch((e: unknown) => String(e))
    expect(other).toContain("OTHER holds a key that is not accepted")
    expect(other).not.toContain("wrong")
  })
})

describe("many calls", () => {
  const prompts = Array.from({ length: 6 }, (_, i) => ({ prompt: [3 + i], seed: i }))

  it("law: at most `concurrency` run at once", async () => {
    server.faults.push(...prompts.map(() => ({ ...onCompletions, hold: true })))
    const error = await using(settings(server.url, { concurrency: 2, deadline: 400 }), (sampler) =>
      Effect.flip(Effect.all([sampler.sample(prompts, six), sampler.sample(prompts, six)], { concurrency: 2 }))
    )
    expect(error).toMatchObject({ kind: "unreachable" })
    expect(posts().length).toBe(2)
  })

  it("law: an interruption aborts the requests under way", async () => {
    server.faults.push(...prompts.map(() => ({ ...onCompletions, hold: true })))
    await using(settings(server.url), (sampler) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(sampler.sample(prompts, six))
        yield* Effect.promise(() => expect.poll(() => posts().length).toBe(6))
        yield* Fiber.interrupt(fiber)
      })
    )
    await expect.poll(() => posts().filter(({ aborted }) => aborted).length).toBe(6)
  })
})
