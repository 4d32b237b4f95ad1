import { describe, expect, it } from "vitest"
import {
  arithmeticPerturbation,
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptEquation,
  corruptNumbers,
  type EquationError,
  equationErrors,
  flipOperatorInOneStep,
  type Perturbation,
  Perturbations
} from "../src/core/reward/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { ThinkAnswer } from "../src/core/text/index.ts"

/** All texts that a perturbation makes of one, over many seeds. */
const outcomes = (p: Perturbation, text: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (let seed = 0; seed < 400; seed++) {
    const result = Perturbations.perturb(p, text, seed, { attempts: 1 })
    if (result._tag === "Perturbed") found.add(result.text)
  }
  return [...found].sort()
}
const answers = (p: Perturbation, answer: string, trace = "") =>
  outcomes(p, ThinkAnswer.render(trace, answer)).map((text) => {
    const block = ThinkAnswer.answer(text)
    return block._tag === "Found" ? block.text : block.reason
  })
const traces = (p: Perturbation, trace: string) =>
  outcomes(p, ThinkAnswer.render(trace, "9")).map((text) => {
    const block = ThinkAnswer.think(text)
    return block._tag === "Found" ? block.text : block.reason
  })

describe("flip_operator_in_one_step", () => {
  it("golden: of a line's operators the first present in the order * / + - changes", () => {
    expect(traces(flipOperatorInOneStep, "1 + 2 * 3")).toEqual(["1 + 2 + 3", "1 + 2 - 3", "1 + 2 / 3"])
    expect(traces(flipOperatorInOneStep, "5 - 2 - 1")).toEqual(["5 * 2 - 1", "5 + 2 - 1", "5 / 2 - 1"])
    expect(traces(flipOperatorInOneStep, "12 x $2 = $24")).toEqual(["12 + $2 = $24", "12 - $2 = $24", "12 / $2 = $24"])
  })
  it("D11: bullets, bold marks and hyphens are no operators", () => {
    expect(traces(flipOperatorInOneStep, "- one\n* two\n**bold**\nwell-known 5-year-old\n- 3 apples")).toEqual([])
  })
})

describe("flip_operator_in_one_step, where it looks", () => {
  it("golden: in the think block alone; without one, in the whole text", () => {
    expect(outcomes(flipOperatorInOneStep, ThinkAnswer.render("no sums", "3 - 1"))).toEqual([])
    expect(outcomes(flipOperatorInOneStep, "1 + 2")).toEqual(["1 * 2", "1 - 2", "1 / 2"])
    expect(traces(flipOperatorInOneStep, "one\n8 ÷ 2")).toEqual(["one\n8 * 2", "one\n8 + 2", "one\n8 - 2"])
  })
  it("golden: each line's sign is as likely, wherever the lines before it end", () => {
    const made = traces(flipOperatorInOneStep, "1 + 2\n\nthen 3 * 4")
    expect(made).toHaveLength(6)
    expect(made.filter((text) => text.startsWith("1 + 2\n\nthen 3 "))).toHaveLength(3)
    expect(made.filter((text) => text.endsWith(" 2\n\nthen 3 * 4"))).toHaveLength(3)
  })
})

describe("corrupt_answer_nearby_number", () => {
  it("golden: numbers move by one unit of their last place", () => {
    expect(answers(corruptAnswerNearbyNumber, "18")).toEqual(["17", "19"])
    expect(answers(corruptAnswerNearbyNumber, "0")).toEqual(["1"])
    expect(answers(corruptAnswerNearbyNumber, "2.50")).toEqual(["2.49", "2.51"])
    expect(answers(corruptAnswerNearbyNumber, "$1,000")).toEqual(["$1,001", "$999"])
    expect(answers(corruptAnswerNearbyNumber, "-3")).toEqual(["-2", "-4"])
  })
  it("golden: words and letters", () => {
    expect(answers(corruptAnswerNearbyNumber, "Yes")).toEqual(["no"])
    expect(answers(corruptAnswerNearbyNumber, "false")).toEqual(["yes"])
    expect(answers(corruptAnswerNearbyNumber, "B")).toEqual(["A", "C", "D"])
    expect(answers(corruptAnswerNearbyNumber, "ab")).toEqual(["ba"])
    expect(answers(corruptAnswerNearbyNumber, "aa")).toEqual([])
    expect(["no", "TRUE", "False"].map((a) => answers(corruptAnswerNearbyNumber, a))).toEqual([
      ["yes"],
      ["no"],
      ["yes"]
    ])
    expect(answers(corruptAnswerNearbyNumber, "aab")).toEqual(["aba"])
    expect(answers(corruptAnswerNearbyNumber, "abc")).toEqual(["acb", "bac"])
    expect(answers(corruptAnswerNearbyNumber, "a")).toEqual([])
  })
  it("golden: a choice's letter becomes another of four, or of as many as it shows there are", () => {
    expect(answers(corruptAnswerNearbyNumber, "(B) iron")).toEqual(["(A) iron", "(C) iron", "(D) iron"])
    expect(answers(corruptAnswerNearbyNumber, "A. A 2")).toEqual(["B. A 2", "C. A 2", "D. A 2"])
    expect(answers(corruptAnswerNearbyNumber, "F: x")).toEqual(["A: x", "B: x", "C: x", "D: x", "E: x"])
    // No label: K is none, and neither is a letter within a word.
    expect(answers(corruptAnswerNearbyNumber, "K")).toEqual([])
    expect(answers(corruptAnswerNearbyNumber, "Ba")).toEqual(["aB"])
  })
  it("golden: of several numbers the first moves; without an answer nothing does", () => {
    expect(answers(corruptAnswerNearbyNumber, "3 or 5")).toEqual(["2 or 5", "4 or 5"])
    expect(outcomes(corruptAnswerNearbyNumber, "<think>\n3\n</think>")).toEqual([])
    expect(outcomes(corruptAnswerWithThinkNumber, "<think>\n3\n</think>")).toEqual([])
  })
})

describe("corrupt_answer_with_think_number", () => {
  it("golden: another number of the trace, else one nearby", () => {
    expect(answers(corruptAnswerWithThinkNumber, "18", "3 + 15 = 18.0")).toEqual(["15", "3"])
    expect(answers(corruptAnswerWithThinkNumber, "18", "none here")).toEqual(["17", "19"])
    expect(answers(corruptAnswerWithThinkNumber, "18 or 3", "7")).toEqual(["7 or 3"])
    expect(answers(corruptAnswerWithThinkNumber, "yes", "7")).toEqual(["no"])
    expect(outcomes(corruptAnswerWithThinkNumber, "7 <answer>18</answer>")).toEqual([
      "7 <answer>17</answer>",
      "7 <answer>19</answer>"
    ])
  })
})

describe("corrupt_numbers", () => {
  it("golden: the first quarter of the numbers, at least one", () => {
    const one = outcomes(corruptNumbers, "20 apples, 3 and 4")
    expect(one).toEqual(["10", "15", "18", "19", "21", "22", "25", "30"].map((n) => `${n} apples, 3 and 4`))
    for (const text of outcomes(corruptNumbers, "20 20 20 20 5 5 5 5"))
      expect(text).toMatch(/^(?!20)\d+ (?!20)\d+ 20 20 5 5 5 5$/)
    for (const text of outcomes(corruptNumbers, "2.5 m")) {
      expect(text).toMatch(/^\d\.\d{3} m$/)
      const moved = Math.abs(Number.parseFloat(text) - 2.5)
      expect(moved >= 0.4995 && moved <= 2.0005).toBe(true)
    }
  })
})

describe("written numbers", () => {
  const moved = (text: string, written: string) => outcomes(corruptNumbers, text.replace("#", written))
  const as = (text: string, values: ReadonlyArray<string>) => values.map((v) => text.replace("#", v)).sort()

  it("golden: a minus after a number, a letter, a bracket or a percent sign is an operator, and else a sign", () => {
    for (const text of ["x # a", "x  # a", "(y) # a", "y% # a"])
      expect(moved(text, "-1")).toEqual(as(text, ["-0", "-2", "-3", "-6", "-11"]))
    for (const text of ["# a", "x = # a", "so: # a"])
      expect(moved(text, "-1")).toEqual(as(text, ["-2", "-3", "-6", "-11", "0", "1", "4", "9"]))
  })
  it("golden: thousands are marked as they were, decimals are not", () => {
    expect(answers(corruptAnswerNearbyNumber, "1,234,567")).toEqual(["1,234,566", "1,234,568"])
    expect(answers(corruptAnswerNearbyNumber, "1,000.5000")).toEqual(["1,000.4999", "1,000.5001"])
    expect(answers(corruptAnswerNearbyNumber, "999,999")).toEqual(["1,000,000", "999,998"])
    expect(answers(corruptAnswerNearbyNumber, "1234567")).toEqual(["1234566", "1234568"])
  })
  it("golden: no number falls below 0 that was not below it", () => {
    expect(outcomes(corruptNumbers, "1 a")).toEqual(["0 a", "11 a", "2 a", "3 a", "6 a"])
    expect(outcomes(corruptNumbers, "= -1 a")).toEqual(
      ["-2", "-3", "-6", "-11", "0", "1", "4", "9"].map((n) => `= ${n} a`).sort()
    )
    const moves = (text: string, was: number) => outcomes(corruptNumbers, text).map((t) => Number.parseFloat(t) - was)
    const [up, both] = [moves("0.4 m", 0.4), moves("-0.4 m", -0.4)]
    expect(up.every((by) => by >= 0.4995 && by <= 2.0005)).toBe(true)
    expect([both.some((by) => by > 0), both.some((by) => by < 0)]).toEqual([true, true])
    expect(answers(corruptAnswerNearbyNumber, "-1")).toEqual(["-2", "0"])
    expect(answers(corruptAnswerNearbyNumber, "0.1")).toEqual(["0.0", "0.2"])
  })
  it("edge: what has digits and is no number stays", () => {
    expect(outcomes(corruptNumbers, "H2O v1.2.3x 4th _5")).toEqual([])
    expect(answers(corruptAnswerNearbyNumber, "0.0")).toEqual(["0.1"])
  })
})

describe("oneOf, perturb", () => {
  const { oneOf, perturb, perturbation } = Perturbations
  const none = perturbation("none", () => undefined)
  const mark = perturbation("mark", (text) => `${text}!`)
  const star = perturbation("star", (text) => `${text}*`)

  it("golden: one that finds something is drawn, each as likely", () => {
    expect(outcomes(oneOf([none, mark, none]), "a")).toEqual(["a!"])
    expect(outcomes(oneOf([star, mark]), "a")).toEqual(["a!", "a*"])
    expect(oneOf([none]).apply("a", Rng.make(1))).toEqual({
      _tag: "Unchanged",
      reason: "no perturbation found anything to change"
    })
    expect(none.apply("a", Rng.make(1))).toEqual({ _tag: "Unchanged", reason: "none: nothing to change" })
    expect(Perturbations.chain([]).apply("a", Rng.make(1))).toEqual({
      _tag: "Unchanged",
      reason: "no perturbation is listed"
    })
    expect(Perturbations.changed("a", "a", "idle")).toEqual({ _tag: "Unchanged", reason: "idle gave the same text" })
    expect([oneOf([none, mark]).name, Perturbations.chain([none, mark]).name]).toEqual([
      "oneOf(none, mark)",
      "chain(none, mark)"
    ])
  })
  it("golden: so many attempts are made, and no more", () => {
    let tried = 0
    const counted = perturbation("counted", () => {
      tried++
      return undefined
    })
    expect(perturb(counted, "a", 1, { attempts: 3 })).toMatchObject({
      reason: "counted: no usable change in 3 attempts"
    })
    expect(tried).toBe(3)
  })
})

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

describe("changedSpan", () => {
  it("golden: from the first to the last changed character; empty for a removal", () => {
    expect(Perturbations.changedSpan("12 + 3", "12 - 3")).toEqual({ start: 3, end: 4 })
    expect(Perturbations.changedSpan("abc", "ac")).toEqual({ start: 1, end: 1 })
    expect(Perturbations.changedSpan("aaa", "aa")).toEqual({ start: 2, end: 2 })
    expect(Perturbations.changedSpan("aa", "aa")).toEqual({ start: 2, end: 2 })
    expect(Perturbations.changedSpan("aa", "aab")).toEqual({ start: 2, end: 3 })
  })
})
