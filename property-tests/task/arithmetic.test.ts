import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Problem } from "../../src/core/data/index.ts"
import {
  arithmeticPerturbation,
  equationPerturbations,
  Granularities,
  Partitions,
  Perturbations
} from "../../src/core/reward/index.ts"
import { type ArithmeticOptions, arithmetic, parseChain, standardDifficulty, Tasks } from "../../src/core/task/index.ts"
import { offsets, pieces } from "../../src/core/text/index.ts"

const anyOptions: fc.Arbitrary<ArithmeticOptions> = fc.record({
  seed: fc.nat(),
  train: fc.constant(20),
  unlabelled: fc.nat(5),
  validation: fc.constant(5),
  test: fc.constant(5),
  difficulty: fc.record({
    steps: fc.integer({ min: 2, max: 5 }),
    start: fc.constantFrom([2, 15] as const, [10, 50] as const),
    operand: fc.constantFrom([1, 9] as const, [2, 20] as const),
    largest: fc.constantFrom(60, 99),
    operators: fc.constantFrom(["+", "-"] as const, ["+"] as const)
  }),
  shortcut: fc.constantFrom(0, 0.4, 1),
  style: fc.boolean()
})
const runs = { seed: 42, numRuns: 40 }

describe("arithmetic", () => {
  it("law: equal options give equal tasks; every demonstration is right in its answer and all its steps", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const task = arithmetic(options)
        expect(arithmetic(options).splits).toEqual(task.splits)
        for (const { problems, demonstrations } of Object.values(task.splits)) {
          for (const { problem, completion } of demonstrations) {
            expect(problems).toContain(problem)
            expect(task.checkAnswer(problem, completion)).toMatchObject({ _tag: "Scored", value: 1 })
            expect(task.checkSteps?.(problem, completion).firstWrongStep).toBeUndefined()
          }
        }
        expect(task.splits.train.problems).toHaveLength(20 + (options.unlabelled ?? 0))
      }),
      runs
    )
  })
  it("law: no chain occurs twice, within or across splits, and ids are unique", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const all = Object.values(arithmetic(options).splits).flatMap((s) => s.problems)
        const chains = all.map((p) => ({ ...parseChain(p), item: "" }))
        expect(new Set(chains.map((chain) => JSON.stringify(chain))).size).toBe(all.length)
        expect(new Set(all.map((p) => p.id)).size).toBe(all.length)
      }),
      runs
    )
  })
  it("law: the test split does not depend on the sizes of the others", () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(30), (options, train) => {
        expect(arithmetic({ ...options, train, validation: 1 }).splits.test).toEqual(arithmetic(options).splits.test)
      }),
      runs
    )
  })
  it("law: prompts and completions survive the tokenizer", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const task = arithmetic(options)
        for (const d of task.splits.train.demonstrations) {
          const { prompt, completion } = Tasks.encodeDemonstration(task, d)
          expect(task.tokenizer.decode(prompt)).toBe(task.renderPrompt(d.problem))
          expect(task.tokenizer.decode(completion)).toBe(d.completion)
          expect(completion.at(-1)).toBe(task.tokenizer.eosId)
        }
      }),
      runs
    )
  })
  it("law: the steps judged are the units of the step-wise granularity, whatever was written", () => {
    const task = arithmetic({ seed: 3, train: 30, validation: 1, test: 1 })
    const granularity = Granularities.stepwise(task.stepRule)
    const { tokenizer } = task
    const holds = (problem: Problem, written: ReadonlyArray<number>) => {
      const text = tokenizer.decode(written)
      const ids = [...written, tokenizer.eosId]
      const parts = pieces(tokenizer, ids)
      const at = offsets(parts)
      const partition = granularity.partition({ ids, pieces: parts })
      const ends = [...partition.ends].map((t) => Math.min(at[t + 1]!, text.length))
      const { steps, firstWrongStep } = task.checkSteps!(problem, text)
      expect(steps.map((s) => s.end)).toEqual(ends)
      expect(steps.map((s) => text.slice(s.start, s.end)).join("")).toBe(text)
      expect((firstWrongStep ?? 0) < steps.length).toBe(true)
      expect(Partitions.isPartition(partition, ids.length)).toBe(true)
    }
    for (const [i, { problem, completion }] of task.splits.train.demonstrations.entries()) {
      const negative = Perturbations.perturb(arithmeticPerturbation(), completion, i)
      for (const text of [completion, negative._tag === "Perturbed" ? negative.text : completion])
        holds(problem, tokenizer.encode(text))
    }
    const { problem, completion } = task.splits.train.demonstrations[0]!
    const right = tokenizer.encode(completion)
    const words = tokenizer.encode("<think></think><answer></answer>\n\n\n. so 1 2 + = eggs")
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 })
    const cut = fc.tuple(fc.nat(right.length), soup).map(([n, rest]) => [...right.slice(0, n), ...rest.slice(0, 20)])
    fc.assert(
      fc.property(fc.oneof(soup, cut), (ids) => holds(problem, ids)),
      { seed: 42, numRuns: 1000 }
    )
  })
  it("law: every perturbation of a right trace is wrong, from the step that holds its first changed character or later", () => {
    const task = arithmetic({ seed: 4, train: 200, validation: 1, test: 1 })
    let exact = 0
    let count = 0
    for (const perturbation of [arithmeticPerturbation(), ...equationPerturbations()])
      for (const [i, { problem, completion }] of task.splits.train.demonstrations.entries()) {
        const negative = Perturbations.perturb(perturbation, completion, i)
        if (negative._tag === "Unchanged") {
          expect(perturbation.name).not.toBe("arithmetic")
          continue
        }
        const { steps, firstWrongStep } = task.checkSteps!(problem, negative.text)
        const changedStep = steps.findIndex((s) => negative.span.start < s.end)
        expect(firstWrongStep).toBeGreaterThanOrEqual(changedStep)
        count++
        if (firstWrongStep === changedStep) exact++
      }
    expect(count).toBeGreaterThan(1200)
    expect(exact / count).toBeGreaterThan(0.95)
  })
  it("error: more problems than there are", () => {
    const difficulty = { ...standardDifficulty, steps: 1 }
    expect(() => arithmetic({ seed: 1, train: 100, difficulty })).toThrow(/ease the difficulty/)
  })
})
