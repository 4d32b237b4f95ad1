import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect, type FileSystem, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Selectors } from "../../src/core/evaluation/index.ts"
import {
  Censuses,
  Harness,
  identify,
  type KeyedRow,
  PromptPools,
  ResultFile,
  TraceScores
} from "../../src/core/result/index.ts"

const folder = mkdtempSync(join(tmpdir(), "results-"))
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, NodeServices.layer))

const row = fc.record({
  prompt: fc.constant([{ role: "user" as const, content: "q" }]),
  generation: fc.record({ content: fc.string({ unit: "binary" }).map((s) => s.toWellFormed()) }),
  generation_idx: fc.nat(4),
  correctness_reward_func: fc.constantFrom(0, 2, null),
  reward_model_score: fc.array(fc.double(), { minLength: 1, maxLength: 4 }),
  prompt_id: fc.constantFrom("a", "b", "c"),
  schema_version: fc.constant(1)
})
const distinct = fc.uniqueArray(row, { selector: (r) => `${r.prompt_id}${r.generation_idx}`, maxLength: 12 })
const asRead = (r: KeyedRow) => ({
  ...r,
  reward_model_score: r.reward_model_score?.map((x) => (x !== null && Number.isFinite(x) ? x + 0 : null))
})

describe("result files", () => {
  it.each([
    "plain.jsonl",
    "packed.jsonl.gz"
  ])("law: %s gives back the rows that were written, what is not finite as null in its place", (name) =>
    fc.assert(
      fc.asyncProperty(distinct, async (rows) => {
        const file = join(folder, name)
        await run(ResultFile.write(file, Stream.fromIterable(rows)))
        const read = await run(ResultFile.read(file))
        expect(read.rows).toEqual(rows.map(asRead))
      }),
      { seed: 42, numRuns: 40 }
    ))

  it("law: pools do not depend on the order of the lines", () =>
    fc.assert(
      fc.property(
        distinct.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
        ([rows, shuffled]) => {
          const options = { scores: { reward: TraceScores.reward(Selectors.mean) } }
          const sorted = (of: ReadonlyArray<KeyedRow>) =>
            PromptPools.ofRows(of, options).toSorted((x, y) => (x.promptId < y.promptId ? -1 : 1))
          expect(sorted(shuffled)).toEqual(sorted(rows))
        }
      ),
      { seed: 42, numRuns: 60 }
    ))

  it("edge: a file much larger than what is held is read as a stream", async () => {
    const file = join(folder, "large.jsonl")
    const one = (i: number) =>
      JSON.stringify({
        prompt: [{ role: "user", content: `q${i >> 2}` }],
        generation: { content: "x".repeat(20_000) },
        generation_idx: i & 3,
        correctness_reward_func: i % 3 === 0 ? 2 : 0
      })
    writeFileSync(file, "")
    for (let block = 0; block < 10; block++)
      writeFileSync(file, Array.from({ length: 200 }, (_, i) => `${one(block * 200 + i)}\n`).join(""), { flag: "a" })
    const census = Censuses.make()
    const pools = await run(PromptPools.collect(ResultFile.stream(file, census)))
    expect(pools.length).toBe(500)
    expect(pools.every((pool) => pool.correct.length === 4)).toBe(true)
    expect(Censuses.report(census)).toEqual([])
    // Forty megabytes of text leave no more than their keys and verdicts behind.
    expect(JSON.stringify(pools).length).toBeLessThan(100_000)
  })

  it("golden: rows that go by their question get their problem's id and gold answer; other questions are counted", async () => {
    const file = join(folder, "published.jsonl")
    const published = (content: string) =>
      JSON.stringify({
        prompt: [{ role: "user", content }],
        generation: { content: "g" },
        generation_idx: 0,
        correctness_reward_func: 2
      })
    writeFileSync(file, ["one\n question", "asked twice", "unknown"].map(published).join("\n"))
    const problems = [
      { id: "a", prompt: "one question", finalAnswer: "1", category: "c" },
      { id: "b", prompt: "asked twice" },
      { id: "d", prompt: "asked  twice" }
    ]
    const read = await run(ResultFile.read(file, { promptIds: ["a", "b", "d"] }, identify(problems)))
    expect(read.rows).toMatchObject([{ prompt_id: "a", gold_answer: "1", category: "c" }])
    expect(read.problems.map((p) => [p.kind, p.count])).toEqual([
      ["wrongDataset", 2],
      ["missingPrompt", 2]
    ])
    const known = { ...read.rows[0]!, prompt_id: "b", gold_answer: "kept" }
    expect(identify(problems)(known)).toEqual(known)
  })

  it("golden: samples of a harness are rows of one filter; those without generations are counted", async () => {
    const file = join(folder, "samples_t_2026-01-01.jsonl")
    const sample = (doc_id: number, filter: string, resps: unknown, exact_match: number) =>
      JSON.stringify({
        doc_id,
        doc: {},
        target: "1",
        arguments: [["q", {}]],
        resps,
        filtered_resps: ["1"],
        filter,
        metrics: ["exact_match"],
        exact_match
      })
    writeFileSync(
      file,
      [
        sample(0, "strict", [["a"]], 0),
        sample(0, "flexible", [["a"]], 1),
        sample(1, "strict", [[["-1", "True"]]], 1),
        "{"
      ].join("\n")
    )
    const read = async (choice: Parameters<typeof Harness.lines>[1]) => {
      const census = Censuses.make()
      const found = await run(Stream.runCollect(Harness.lines(file, choice)))
      const rows = found.flatMap((line) => Censuses.add(census, line) ?? [])
      return [
        rows.map((r) => [r.prompt_id, r.correctness_reward_func]),
        Censuses.report(census).map((p) => [p.kind, p.count])
      ]
    }
    expect(await read({ task: "t" })).toEqual([[["t/0", 0]], [["badRow", 2]]])
    expect(await read({ task: "t", filter: "flexible" })).toEqual([[["t/0", 2]], [["badRow", 1]]])
  })

  it("error: a write to nowhere names the file", async () => {
    const error = await run(Effect.flip(ResultFile.write(join(folder, "no/where.jsonl"), Stream.empty)))
    expect(error.message).toContain("no/where.jsonl")
    expect(readFileSync(join(folder, "plain.jsonl")).length).toBeGreaterThanOrEqual(0)
  })
})
