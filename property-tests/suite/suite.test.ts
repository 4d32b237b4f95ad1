import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import { Changes, runSuite, suiteTable, type TextTrace, type TraceScorer } from "../../src/core/suite/index.ts"
import { arithmetic } from "../../src/core/task/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"

const completion = "<think>\n3 + 4 = 7\n7 - 2 = 5\n5 + 6 = 11\n</think>\n<answer>\n11\n</answer>"
const changed = ({ perturbation }: Changes.Change, text = completion, seed = 1): string => {
  const result = perturbation.apply(text, Rng.make(seed))
  return result._tag === "Perturbed" ? result.text : "unchanged"
}
const seeds = Array.from({ length: 40 }, (_, seed) => seed)
const bodies = (change: Changes.Change) =>
  new Set(seeds.map((seed) => changed(change, completion, seed).replace(/^<think>\n|<\/think>.*$/gs, "")))

const [a, b, c] = ["3 + 4 = 7\n", "7 - 2 = 5\n", "5 + 6 = 11\n"]

describe("changes", () => {
  it("golden: a step is left out, doubled, or stands elsewhere, and the answer stays", () => {
    expect(bodies(Changes.deleteStep)).toEqual(new Set([b + c, a + c, a + b]))
    expect(bodies(Changes.duplicateStep)).toEqual(new Set([a + a + b + c, a + b + b + c, a + b + c + c]))
    const orders = [a + c + b, b + a + c, b + c + a, c + a + b, c + b + a]
    for (const body of bodies(Changes.shuffleSteps)) expect([...orders, "unchanged"]).toContain(body)
    for (const change of [Changes.deleteStep, Changes.shuffleSteps, Changes.duplicateStep])
      for (const seed of seeds)
        expect(changed(change, completion, seed)).toMatch(/<answer>\n11\n<\/answer>$|^unchanged$/)
  })

  it("golden: filler ends the reasoning, and reformatting adds blank lines alone", () => {
    expect(changed(Changes.appendFiller("Hm."))).toBe(completion.replace("= 11\n", "= 11\nHm.\n"))
    expect(changed(Changes.reformat)).toBe(completion.replace(a + b, `${a}\n${b}\n`))
  })

  it("law: one number of the reasoning changes by 1 to 9, and nothing else", () =>
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [before, after] = [completion, changed(Changes.changeNumber, completion, seed)].map((text) =>
          text.split(/(\d+)/)
        )
        const differing = before!.flatMap((part, i) => (part === after![i] ? [] : [i]))
        expect(differing.length).toBe(1)
        const [was, is] = [before, after].map((parts) => Number(parts![differing[0]!]))
        expect(Math.abs(was! - is!)).toBeGreaterThanOrEqual(1)
        expect(Math.abs(was! - is!)).toBeLessThanOrEqual(9)
        expect(after!.slice(-3).join("")).toContain("11")
      }),
      { seed: 42 }
    ))

  it("edge: untagged prose is cut into sentences, and a lone step can neither go nor move", () => {
    expect(changed(Changes.deleteStep, "One is one. Two is two.")).toMatch(/^(One is one\. |Two is two\.)$/)
    expect(changed(Changes.deleteStep, "One is one.")).toBe("unchanged")
    expect(changed(Changes.shuffleSteps, "One is one.")).toBe("unchanged")
    expect(changed(Changes.changeNumber, "Nothing here counts.")).toBe("unchanged")
    expect(changed(Changes.changeNumber, "H2O")).toBe("unchanged")
  })
})

const traces: ReadonlyArray<TextTrace> = arithmetic({ seed: 1, train: 40 })
  .splits.train.demonstrations.map(({ problem, completion }) => ({
    promptId: problem.id,
    prompt: String(problem.prompt),
    completion
  }))
  .filter(({ completion }) => completion.split("\n").length > 6)

const scorer = (name: string, of: (completion: string) => number): TraceScorer => ({
  name,
  score: (traces) => Effect.succeed(traces.map(({ completion }) => of(completion)))
})
const result = (of: TraceScorer) => Effect.runSync(runSuite({ scorer: of, traces }))
const failed = (of: TraceScorer) => result(of).changes.map(({ failed, n }) => (n === 0 ? undefined : failed / n))

describe("runSuite", () => {
  it("golden: a scorer that knows the good traces by heart fails nothing but what it does not know", () => {
    const known = new Set(traces.map(({ completion }) => completion.replace(/\s+/g, " ")))
    const plain = (text: string) => text.replace(/\s+/g, " ").replace("Let me think about this once more. ", "")
    expect(failed(scorer("knows", (text) => (known.has(plain(text)) ? 1 : 0)))).toEqual([0, 0, 0, 0, 0, 0])
  })

  it("golden: a constant fails every change that should lower it, and none that should not", () =>
    expect(failed(scorer("constant", () => 3))).toEqual([1, 1, 1, 1, 0, 0]))

  it("golden: one that likes length rewards a step said twice and filler, and sees no order", () => {
    const { changes } = result(scorer("length", (text) => text.replace(/\s/g, "").length))
    const rates = changes.map(({ failed, n }) => failed / n)
    expect([rates[0], rates[1], rates[2], rates[4], rates[5]]).toEqual([0, 1, 1, 1, 0])
    const filler = changes[4]!.meanChange
    // The filler has 28 letters and marks.
    expect(Measurements.isEstimate(filler) && filler.value).toBe(28)
    expect(changes[2]!.failures.length).toBe(3)
  })

  it("defect 1: a score that is no number is counted, and fails and passes nothing", () => {
    const { changes } = result(scorer("silent", () => Number.NaN))
    for (const { n, failed, unscored, kept } of changes) {
      expect([n, failed]).toEqual([0, 0])
      expect(unscored).toBeGreaterThan(0)
      expect(kept._tag).toBe("NotAvailable")
    }
  })

  it("metamorphic: a scorer whose scores depend on their neighbours is told", () => {
    const ranks: TraceScorer = { name: "rank", score: (all) => Effect.succeed(all.map((_, i) => i)) }
    expect(result(ranks).unstable).toBeGreaterThan(0)
    expect(result(scorer("length", (text) => text.length)).unstable).toBe(0)
  })

  it("edge: texts that a scorer cannot read are not shown to it", () => {
    const closed: TraceScorer = {
      name: "closed",
      reads: (text) => !text.includes("think about"),
      score: (all) =>
        Effect.sync(() => {
          for (const { completion } of all) expect(completion).not.toContain("think about")
          return all.map(() => 0)
        })
    }
    expect(result(closed).changes[4]).toMatchObject({ n: 0, unchanged: traces.length })
  })

  it("law: equal seeds change traces alike, others otherwise", () => {
    const of = (seed: number) =>
      JSON.stringify(Effect.runSync(runSuite({ scorer: scorer("length", () => 0), traces, seed })).changes[0]!.failures)
    expect(of(1)).toBe(of(1))
    expect(of(1)).not.toBe(of(2))
  })

  it("golden: the table says what should have happened, and how often it did not", () => {
    const [heading, first] = suiteTable(result(scorer("constant", () => 3)))
    expect(heading!.slice(0, 4)).toEqual(["change", "score should", "did not", "of"])
    expect(first!.slice(0, 6)).toEqual([
      ...["delete a step", "fall", String(traces.length), String(traces.length)],
      ...["0.0% [0.0%, 0.0%]", "0.000 [0.000, 0.000]"]
    ])
  })
})
