import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  arithmeticPerturbation,
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  equationPerturbations,
  flipOperatorInOneStep,
  Perturbations
} from "../../src/core/reward/index.ts"
import { ThinkAnswer } from "../../src/core/text/index.ts"

const listed = [flipOperatorInOneStep, corruptAnswerNearbyNumber, corruptAnswerWithThinkNumber, corruptNumbers]
const all = [
  ...listed,
  ...equationPerturbations(),
  arithmeticPerturbation(),
  Perturbations.chain(listed),
  Perturbations.oneOf(listed)
]
const anyLine = fc.oneof(
  fc.tuple(fc.nat(60), fc.constantFrom("+", "-"), fc.nat(20)).map(([a, op, b]) => `so ${a} ${op} ${b} + 1 = ${a + b}.`),
  fc.string({ maxLength: 20 }).filter((s) => !/[<\n]/.test(s))
)
const anyCompletion = fc
  .tuple(
    fc.array(anyLine, { maxLength: 5 }),
    fc.oneof(fc.nat(99).map(String), fc.constantFrom("yes", "C", "2.50", "a b", ""))
  )
  .map(([lines, answer]) => ThinkAnswer.render(lines.join("\n"), answer))

describe("a perturbation", () => {
  it("law: equal seeds give equal results, and a result is never the text itself", () => {
    fc.assert(
      fc.property(anyCompletion, fc.constantFrom(...all), fc.nat(), (text, p, seed) => {
        const result = Perturbations.perturb(p, text, seed)
        expect(Perturbations.perturb(p, text, seed)).toEqual(result)
        if (result._tag === "Perturbed") expect(result.text).not.toBe(text)
      }),
      { seed: 42, numRuns: 1000 }
    )
  })
  it("law: text before the span is the expert's, and so is the text after it", () => {
    fc.assert(
      fc.property(anyCompletion, fc.constantFrom(...all), fc.nat(), (text, p, seed) => {
        const result = Perturbations.perturb(p, text, seed)
        if (result._tag === "Unchanged") return
        const { start, end } = result.span
        expect(start <= end && end <= result.text.length).toBe(true)
        expect(text.startsWith(result.text.slice(0, start))).toBe(true)
        expect(text.endsWith(result.text.slice(end))).toBe(true)
        if (end > start) expect(result.text[start]).not.toBe(text[start])
      }),
      { seed: 42, numRuns: 1000 }
    )
  })
  it("law: the tags survive", () => {
    fc.assert(
      fc.property(anyCompletion, fc.constantFrom(...all), fc.nat(), (text, p, seed) => {
        const result = Perturbations.perturb(p, text, seed)
        if (result._tag === "Perturbed") expect(ThinkAnswer.uniqueTags(result.text)).toHaveLength(4)
      }),
      { seed: 42, numRuns: 1000 }
    )
  })
  it("law: what is not accepted is not used, and an item without a negative is reported", () => {
    const texts = [ThinkAnswer.render("so 1 + 2 = 3", "3"), ThinkAnswer.render("nothing", "aa")]
    const { perturbed, without } = Perturbations.negatives(Perturbations.chain(listed), texts, {
      seed: 1,
      rounds: 20,
      accept: (text) => text.endsWith("<answer>\n3\n</answer>")
    })
    expect(perturbed.length + without.length).toBe(40)
    expect(perturbed.every(({ item, negative }) => item === 0 && negative.text.includes("\n3\n</answer>"))).toBe(true)
    expect(without.filter(({ item }) => item === 1)).toHaveLength(20)
  })
  it("law: an item's negatives do not depend on the other items", () => {
    const texts = [1, 2, 3].map((n) => ThinkAnswer.render(`so ${n} + 2 = ${n + 2}`, String(n + 2)))
    const [both, one] = [texts, texts.slice(0, 1)].map((t) =>
      Perturbations.negatives(Perturbations.oneOf(listed), t, { seed: 7, rounds: 3 }).perturbed.filter(
        (p) => p.item === 0
      )
    )
    expect(both).toEqual(one)
  })
})
