import { describe, expect, it } from "vitest"
import {
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptEquation,
  corruptNumbers,
  type EquationError,
  flipOperatorInOneStep,
  type Perturbation,
  Perturbations
} from "../src/core/reward/index.ts"
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
  it("edge: bullets, bold marks and hyphens are no operators", () => {
    expect(traces(flipOperatorInOneStep, "- one\n* two\n**bold**\nwell-known 5-year-old\n- 3 apples")).toEqual([])
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
  })
})

describe("corrupt_answer_with_think_number", () => {
  it("golden: another number of the trace, else one nearby", () => {
    expect(answers(corruptAnswerWithThinkNumber, "18", "3 + 15 = 18.0")).toEqual(["15", "3"])
    expect(answers(corruptAnswerWithThinkNumber, "18", "none here")).toEqual(["17", "19"])
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

describe("corruptEquation", () => {
  const expert = ThinkAnswer.render("so 36 - 14 = 22\nthen 22 + 3 = 25\nnext 25 - 5 = 20", "20")
  const made = (kind: EquationError, propagate: number) => outcomes(corruptEquation(kind, propagate), expert)
  it("golden: without propagation a wrong result touches its line alone", () => {
    const text = expert.replace("22\nthen", "23\nthen")
    expect(made("wrong-result", 0)).toContain(text)
    for (const other of made("wrong-result", 0)) {
      const lines = other.split("\n")
      expect(lines.filter((line, i) => line !== expert.split("\n")[i])).toHaveLength(1)
    }
  })
  it("golden: with propagation the later steps and the answer follow", () => {
    const text = ThinkAnswer.render("so 36 - 14 = 23\nthen 23 + 3 = 26\nnext 26 - 5 = 21", "21")
    expect(made("wrong-result", 1)).toContain(text)
    expect(made("wrong-operator", 1)).toContain(
      ThinkAnswer.render("so 36 + 14 = 50\nthen 50 + 3 = 53\nnext 53 - 5 = 48", "48")
    )
  })
  it("golden: dropped, swapped and repeated steps", () => {
    expect(made("dropped-step", 1)).toEqual(
      [
        ThinkAnswer.render("then 36 + 3 = 39\nnext 39 - 5 = 34", "34"),
        ThinkAnswer.render("so 36 - 14 = 22\nnext 22 - 5 = 17", "17"),
        ThinkAnswer.render("so 36 - 14 = 22\nthen 22 + 3 = 25", "25")
      ].sort()
    )
    expect(made("swapped-steps", 0)).toContain(
      ThinkAnswer.render("then 22 + 3 = 25\nso 36 - 14 = 22\nnext 25 - 5 = 20", "20")
    )
    expect(made("repeated-step", 0)).toContain(
      ThinkAnswer.render("so 36 - 14 = 22\nso 36 - 14 = 22\nnext 25 - 5 = 20", "20")
    )
  })
  it("edge: a trace without equations is left alone", () => {
    expect(outcomes(corruptEquation("wrong-result"), ThinkAnswer.render("no sums here", "1"))).toEqual([])
  })
})

describe("changedSpan", () => {
  it("golden: from the first to the last changed character; empty for a removal", () => {
    expect(Perturbations.changedSpan("12 + 3", "12 - 3")).toEqual({ start: 3, end: 4 })
    expect(Perturbations.changedSpan("abc", "ac")).toEqual({ start: 1, end: 1 })
    expect(Perturbations.changedSpan("aaa", "aa")).toEqual({ start: 2, end: 2 })
  })
})
