import { readFileSync } from "node:fs"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../src/backends/reference/index.ts"
import { input, Programs, Steps } from "../src/core/program/index.ts"
import {
  Batches,
  candidates,
  type Form,
  formOf,
  knobs,
  occurrences,
  plain,
  withWindow
} from "../src/core/sampling/index.ts"
import { Backend, type Feeds, type SamplingOptions } from "../src/core/service/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"

interface Golden extends Pick<SamplingOptions, "repetitionPenalty" | "temperature" | "topK" | "topP" | "minP"> {
  readonly probabilities: ReadonlyArray<ReadonlyArray<number>>
}

const golden: {
  readonly logits: ReadonlyArray<ReadonlyArray<number>>
  readonly seen: ReadonlyArray<ReadonlyArray<number>>
  readonly cases: ReadonlyArray<Golden>
} = JSON.parse(readFileSync(new URL("fixtures/sampling.json", import.meta.url), "utf8"))

/** What a form makes of logits. */
const evaluate = (
  form: Form,
  options: SamplingOptions,
  logits: ReadonlyArray<ReadonlyArray<number>>,
  seen: ReadonlyArray<ReadonlyArray<number>> = logits.map(() => [0])
): Promise<Feeds> =>
  Effect.gen(function* () {
    const shape = [logits.length, logits[0]!.length]
    const times = [seen.length, seen[0]!.length]
    const counted = form.penalised ? occurrences(form, input("seen", times, "i32"), input("weights", times)) : undefined
    const found = candidates(form, input("logits", shape), counted)
    const program = Programs.fromExprs({
      probabilities: found.probabilities,
      cumulative: found.cumulative,
      total: found.total,
      ...(found.ids === undefined ? {} : { ids: found.ids }),
      ...(found.last === undefined ? {} : { last: found.last })
    })
    const executable = yield* (yield* Backend).compile(Steps.stateless(program))
    return yield* executable.run({
      logits: Tensors.f64(logits.flat(), shape),
      ...(form.penalised ? { seen: Tensors.i32(seen.flat(), times), weights: Tensors.full(times, 1) } : {}),
      ...Object.fromEntries(Object.entries(knobs(form, options)).map(([name, x]) => [name, Tensors.f64([x], [])]))
    })
  }).pipe(Effect.scoped, Effect.provide(Reference.layer), Effect.runPromise)

/** The distribution of each row that a form draws from, by id. */
const distribution = async (...args: Parameters<typeof evaluate>): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
  const { probabilities, cumulative, total, ids } = await evaluate(...args)
  const K = probabilities!.shape[1]!
  return args[2].map((row, b) => {
    const result = row.map(() => 0)
    const end = total!.data[b]!
    for (let j = b * K; j < (b + 1) * K; j++) {
      if (cumulative!.data[j]! <= end) result[ids?.data[j] ?? j - b * K] = probabilities!.data[j]! / end
    }
    return result
  })
}

const lastOf = async (...args: Parameters<typeof evaluate>): Promise<number> =>
  (await evaluate(...args))["last"]!.data[0]!

const form = (options: SamplingOptions, vocabulary: number): Form => Result.getOrThrow(formOf(options, vocabulary))

describe("candidates", () => {
  const named = golden.cases.map(
    ({ probabilities, ...options }) => [JSON.stringify(options), options, probabilities] as const
  )

  it.each(named)("golden: transformers' processors at %s", async (_, filters, expected) => {
    const options = { ...plain(1), ...filters }
    const found = await distribution(form(options, golden.logits[0]!.length), options, golden.logits, golden.seen)
    for (const [b, row] of found.entries()) {
      for (const [id, p] of row.entries()) expect(p).toBeCloseTo(expected[b]![id]!, 8)
    }
  })

  it("golden: top-p 0.5 of (.1 .2 .4 .3) keeps .4 and .3", async () => {
    const options = { ...plain(1), topP: 0.5 }
    const logits = [[0.1, 0.2, 0.4, 0.3].map(Math.log)]
    const [row] = await distribution(form(options, 4), options, logits)
    for (const [id, p] of [0, 0, 4 / 7, 3 / 7].entries()) expect(row![id]).toBeCloseTo(p, 12)
  })

  it("edge: of tied tokens top-k and top-p keep the lower ids", async () => {
    const logits = [[0, 1, 1, 1]]
    const topK = { ...plain(1), topK: 2 }
    expect(await distribution(form(topK, 4), topK, logits)).toEqual([[0, 0.5, 0.5, 0]])
    const topP = { ...plain(1), topP: 0.05 }
    expect(await distribution(form(topP, 4), topP, logits)).toEqual([[0, 1, 0, 0]])
  })

  it("law: a window that holds the nucleus changes nothing, and one that may not says so", async () => {
    const options = { ...plain(1), topP: 0.6 }
    const logits = [Array.from({ length: 80 }, (_, id) => -Math.abs(id - 20) / 3)]
    const whole = form(options, 80)
    const small = withWindow(whole, 0)
    expect([small.window, withWindow(whole, 32).window]).toEqual([32, 80])
    expect(await distribution(small, options, logits)).toEqual(await distribution(whole, options, logits))
    expect(await lastOf(small, options, logits)).toBe(await lastOf(whole, options, logits))
    expect(await lastOf(small, { ...options, topP: 0.9999 }, logits)).toBe(31)
  })

  it("edge: min-p 1 keeps the most likely token alone", async () => {
    const options = { ...plain(1), minP: 1 }
    expect(await distribution(form(options, 3), options, [[0, 2, 1]])).toEqual([[0, 1, 0]])
  })

  it("edge: ids beyond the vocabulary have no share", async () => {
    const [row] = await distribution(form(plain(1), 2), plain(1), [[0, 0, 50]])
    expect(row).toEqual([0.5, 0.5, 0])
  })
})

describe("formOf", () => {
  it("golden: filters that are off leave the program", () => {
    expect(form(plain(1), 7)).toEqual({
      greedy: false,
      penalised: false,
      tempered: false,
      topK: 0,
      topP: false,
      minP: false,
      vocabulary: 7,
      window: 7
    })
    expect(form({ ...plain(1), topK: 7 }, 7).topK).toBe(0)
    expect(form({ ...plain(1), temperature: 0, topK: 3, topP: 0.5, minP: 0.1 }, 7)).toEqual({
      ...form(plain(1), 7),
      greedy: true
    })
  })

  it.each([
    ["temperature", -1],
    ["temperature", 1e-5],
    ["temperature", Number.NaN],
    ["temperature", Infinity],
    ["topP", 0],
    ["topP", 1.1],
    ["topK", -1],
    ["topK", 2.5],
    ["minP", -0.1],
    ["minP", 2],
    ["repetitionPenalty", 0],
    ["repetitionPenalty", Number.NaN],
    ["maxTokens", 0],
    ["maxTokens", 1.5]
  ])("error: %s = %d is refused by name", (option, value) => {
    const refused = Result.getOrThrow(Result.flip(formOf({ ...plain(1), [option]: value }, 7)))
    expect(refused._tag).toBe("BadSamplingOptions")
    expect(refused.message).toContain(`${option}: ${value}`)
  })

  it("error: a stop id that can never be drawn is refused", () => {
    const refused = Result.getOrThrow(Result.flip(formOf(plain(1, [2, 7]), 7)))
    expect(refused.message).toContain("stopIds: 7")
  })
})

describe("batches", () => {
  it("golden: padded sizes for step 16", () => {
    expect([1, 16, 17, 64, 65, 100, 129, 300, 1025].map((n) => Batches.bucket(n, 16))).toEqual([
      16, 16, 32, 64, 80, 112, 160, 320, 1280
    ])
  })

  it("golden: programs have all, half or a quarter of the rows", () => {
    expect([1, 8, 9, 16, 17, 32].map((n) => Batches.batchRows(n, 32))).toEqual([8, 8, 16, 16, 32, 32])
    expect([1, 2, 3].map((n) => Batches.batchRows(n, 3))).toEqual([1, 2, 3])
  })

  it("golden: a prompt that repeats is read once", () => {
    expect(Batches.distinct([[1, 2], [3], [1, 2], [12], [3]])).toEqual({
      prompts: [[1, 2], [3], [12]],
      owners: [0, 1, 0, 2, 1]
    })
  })

  it("golden: requests group by padded width, in their order", () => {
    expect(Batches.batches([3, 20, 16, 5, 17], 2, 16)).toEqual([
      { width: 16, members: [0, 2] },
      { width: 16, members: [3] },
      { width: 32, members: [1, 4] }
    ])
    expect(Batches.batches([], 2, 16)).toEqual([])
  })
})
