import { describe, expect, it } from "vitest"
import {
  arithmeticPerturbation,
  corruptEquation,
  type EquationError,
  equationErrors
} from "../src/core/reward/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { ThinkAnswer } from "../src/core/text/index.ts"
import { outcomes } from "./fixtures/perturbed.ts"

describe("corruptEquation", () => {
  const expert = ThinkAnswer.render("so 12 - 4 = 8.\n8 + 9 = 17 eggs.\nnow 17 + 3 = 20.", "20")
  const shortcut = ThinkAnswer.render("then 12 - 4 + 9 = 17.", "17")
  const made = (kind: EquationError, propagate: number, text = expert) =>
    outcomes(corruptEquation(kind, propagate), text)
  it("golden: without propagation a wrong result touches its line alone: 1, 2, 3, 10 or at most 9 away, not below 0", () => {
    const found = made("wrong-result", 0)
    const slipped = (by: ReadonlyArray<number>, where: string, was: number) =>
      by
        .map((d) => was + d)
        .filter((r) => r >= 0 && r !== was)
        .map((r) => expert.replace(where, where.replace(String(was), String(r))))
    const all = (by: ReadonlyArray<number>) =>
      (
        [
          ["= 8.", 8],
          ["= 17 eggs", 17],
          ["= 20.", 20]
        ] as const
      ).flatMap(([where, was]) => slipped(by, where, was))
    expect(found).toEqual(expect.arrayContaining(all([-10, -3, -2, -1, 1, 2, 3, 10])))
    expect(all([-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual(
      expect.arrayContaining([...found])
    )
  })
  it("golden: with propagation the later lines and the answer follow", () => {
    expect(made("wrong-result", 1)).toContain(
      ThinkAnswer.render("so 12 - 4 = 7.\n7 + 9 = 16 eggs.\nnow 16 + 3 = 19.", "19")
    )
    expect(made("wrong-operator", 1)).toEqual(
      [
        ThinkAnswer.render("so 12 + 4 = 16.\n16 + 9 = 25 eggs.\nnow 25 + 3 = 28.", "28"),
        ThinkAnswer.render("so 12 - 4 = 8.\n8 + 9 = 17 eggs.\nnow 17 - 3 = 14.", "14")
      ].sort()
    )
    expect(made("wrong-carry", 1)).toContain(
      ThinkAnswer.render("so 12 - 4 = 8.\n18 + 9 = 27 eggs.\nnow 27 + 3 = 30.", "30")
    )
  })
  it("golden: of a line with several operations one is misread", () => {
    expect(made("wrong-operator", 1, shortcut)).toEqual(
      // 12 - 4 - 9 would be negative.
      [ThinkAnswer.render("then 12 + 4 + 9 = 25.", "25")]
    )
    const operands = made("wrong-operand", 0, shortcut)
    expect(operands).toContain(ThinkAnswer.render("then 12 - 9 + 9 = 12.", "17"))
    expect(operands).toContain(ThinkAnswer.render("then 12 - 4 + 4 = 12.", "17"))
    expect(operands).toContain(ThinkAnswer.render("then 12 - 1 + 9 = 20.", "17"))
    expect(operands.some((text) => text.includes("- 0") || text.includes("+ 0"))).toBe(false)
    expect(made("wrong-result", 1, shortcut)).toContain(ThinkAnswer.render("then 12 - 4 + 9 = 27.", "27"))
    expect(made("wrong-answer", 1, shortcut)).toContain(shortcut.replace("\n17\n", "\n16\n"))
  })
  it("golden: operands are at least 1, and no number is negative", () => {
    const small = ThinkAnswer.render("2 - 1 = 1.\n1 - 1 = 0.", "0")
    for (const text of equationErrors.flatMap((kind) => made(kind, 0.5, small)))
      expect(text).not.toMatch(/[-+] 0|[-+]\d|- -/)
    expect(made("wrong-answer", 0, small)).toContain(small.replace("\n0\n", "\n10\n"))
  })
  it("golden: a line is left out, never the only one", () => {
    expect(made("dropped-line", 1)).toEqual(
      [
        ThinkAnswer.render("12 + 9 = 21 eggs.\nnow 21 + 3 = 24.", "24"),
        ThinkAnswer.render("so 12 - 4 = 8.\nnow 8 + 3 = 11.", "11"),
        ThinkAnswer.render("so 12 - 4 = 8.\n8 + 9 = 17 eggs.", "17")
      ].sort()
    )
    expect(made("dropped-line", 0)).toContain(ThinkAnswer.render("so 12 - 4 = 8.\nnow 17 + 3 = 20.", "20"))
    expect(made("dropped-line", 1, shortcut)).toEqual([])
  })
  it("golden: what is not an equation stays", () => {
    const text = ThinkAnswer.render("let me see\n1+2=3\nfine", "3")
    expect(made("wrong-operator", 1, text)).toEqual([])
    expect(made("wrong-carry", 1, text)).toContain(ThinkAnswer.render("let me see\n2+2=4\nfine", "4"))
  })
  it("edge: a trace without equations is left alone, and so is a text without a trace", () => {
    for (const kind of equationErrors) {
      expect(made(kind, 1, ThinkAnswer.render("no sums here", "1"))).toEqual([])
      expect(made(kind, 1, "1 + 2 = 3")).toEqual([])
    }
  })
  it("golden: a slip is a slip every time, now and then an odd one, and may end at 0", () => {
    const results = Array.from({ length: 400 }, (_, seed) => {
      const result = corruptEquation("wrong-result", 0).apply(ThinkAnswer.render("20 + 20 = 40", "40"), Rng.make(seed))
      return result._tag === "Perturbed" ? Number(/= (\d+)/.exec(result.text)![1]) - 40 : 0
    })
    const sizes = new Set(results.map(Math.abs))
    expect(sizes).not.toContain(0)
    expect([4, 5, 6, 7, 8, 9].some((size) => results.includes(-size))).toBe(true)
    expect(made("wrong-result", 0, ThinkAnswer.render("2 - 1 = 1", "1"))).toContain(
      ThinkAnswer.render("2 - 1 = 0", "1")
    )
  })
  it("edge: an answer that is not the last result, or is none, stays as it is", () => {
    const other = ThinkAnswer.render("1 + 2 = 3", "7")
    expect(made("wrong-answer", 1, other)).toEqual([])
    expect(made("wrong-carry", 1, other).every((text) => text.endsWith("<answer>\n7\n</answer>"))).toBe(true)
    const none = "<think>\n1 + 2 = 3\n</think>"
    expect(made("wrong-answer", 1, none)).toEqual([])
    expect(made("wrong-carry", 1, none)).toContain("<think>\n2 + 2 = 4\n</think>")
  })
})

describe("arithmeticPerturbation", () => {
  it("golden: the shares of its errors, and of those that later lines follow", () => {
    const expert = ThinkAnswer.render("so 12 - 4 = 8.\n8 + 3 = 11 eggs.\nnow 11 + 3 = 14.", "14")
    const mix = arithmeticPerturbation()
    const made = Array.from({ length: 4000 }, (_, seed) => mix.apply(expert, Rng.make(seed)))
    const kindOf = (m: (typeof made)[number]) => (m._tag === "Perturbed" ? m.kind : m.reason)
    const share = (kind: EquationError) => made.filter((m) => kindOf(m).startsWith(kind)).length / made.length
    for (const [kind, expected] of [
      ["wrong-result", 0.5],
      ["wrong-operand", 0.15],
      ["wrong-operator", 0.1],
      ["wrong-carry", 0.08],
      ["wrong-answer", 0.1],
      ["dropped-line", 0.07]
    ] as const)
      expect([kind, Math.abs(share(kind) - expected) < 0.02]).toEqual([kind, true])
    const wrong = made.flatMap((m) => (m._tag === "Perturbed" && m.kind === "wrong-result" ? [m.text] : []))
    const followed = wrong.filter((text) => !text.endsWith("\n14\n</answer>")).length / wrong.length
    expect(Math.abs(followed - 0.7)).toBeLessThan(0.04)
  })
})
