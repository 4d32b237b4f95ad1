import { describe, expect, it } from "vitest"
import {
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  flipOperatorInOneStep,
  type Perturbation,
  Perturbations
} from "../src/core/reward/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { ThinkAnswer } from "../src/core/text/index.ts"
import { outcomes } from "./fixtures/perturbed.ts"

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

describe("changedSpan", () => {
  it("golden: from the first to the last changed character; empty for a removal", () => {
    expect(Perturbations.changedSpan("12 + 3", "12 - 3")).toEqual({ start: 3, end: 4 })
    expect(Perturbations.changedSpan("abc", "ac")).toEqual({ start: 1, end: 1 })
    expect(Perturbations.changedSpan("aaa", "aa")).toEqual({ start: 2, end: 2 })
    expect(Perturbations.changedSpan("aa", "aa")).toEqual({ start: 2, end: 2 })
    expect(Perturbations.changedSpan("aa", "aab")).toEqual({ start: 2, end: 3 })
  })
})
