import { describe, expect, it } from "vitest"
import { type OutcomeReward, OutcomeRewards } from "../src/core/reward/index.ts"
import { AnswerChecks, ThinkAnswer } from "../src/core/text/index.ts"

const value = (reward: OutcomeReward, completion: string, gold?: string) => {
  const outcome = reward.judge(completion, gold === undefined ? undefined : AnswerChecks.gold(gold))
  return outcome._tag === "Scored" ? outcome.value : outcome._tag
}
const good = ThinkAnswer.render("3 + 4 = 7", "7")
const { correctness, xmlCount, softFormat, strictFormat, integerAnswer } = OutcomeRewards

describe("outcome rewards", () => {
  it("golden: a well-formed right completion", () => {
    expect(value(correctness(AnswerChecks.number), good, "7.0")).toBe(2)
    expect(value(xmlCount, good)).toBeCloseTo(0.501, 12)
    expect([value(softFormat, good), value(strictFormat, good), value(integerAnswer, good)]).toEqual([0.5, 0.5, 0.5])
  })
  it("golden: text after the answer costs 0.001 a character, twice", () => {
    expect(value(xmlCount, `${good}abcde`)).toBeCloseTo(0.5 - 0.005 - 0.004, 12)
    expect(value(xmlCount, "0123456789")).toBe(0)
    expect(value(xmlCount, "<answer>0123")).toBeCloseTo(0.125 - 0.012, 12)
    expect(value(xmlCount, "")).toBe(0)
  })
  it("golden: no answer is wrong with a reason, no gold answer is skipped", () => {
    expect(correctness(AnswerChecks.number).judge("7", AnswerChecks.gold("7"))).toEqual({
      _tag: "Scored",
      value: 0,
      reason: "no answer given"
    })
    expect(value(correctness(AnswerChecks.number), good)).toBe("Skipped")
    expect(value(correctness(AnswerChecks.number), good, "seven")).toBe("Unverifiable")
  })
  it("golden: a negative number is no integer answer", () => {
    expect(value(integerAnswer, ThinkAnswer.render("", "-7"))).toBe(0)
  })
})
