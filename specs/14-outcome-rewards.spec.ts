import { describe, expect, it } from "vitest"
import { Outcomes } from "../src/core/data/index.ts"
import {
  choiceRewards,
  countdownRewards,
  formatRewards,
  mathRewards,
  type OutcomeReward,
  OutcomeRewards,
  rewardsOf
} from "../src/core/reward/index.ts"
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
  it("golden: an integer answer is digits and nothing else", () => {
    const answers = ["-7", "7.0", "$7", "seven", "7 8", "٧", ""]
    expect(answers.map((a) => value(integerAnswer, ThinkAnswer.render("", a)))).toEqual(answers.map(() => 0))
    expect(value(integerAnswer, ThinkAnswer.render("", "007"))).toBe(0.5)
    expect(value(integerAnswer, "7")).toBe(0)
  })
  it("golden: each tag that occurs once counts 0.125, twice or never nothing", () => {
    expect(value(xmlCount, "<think>x")).toBeCloseTo(0.125, 12)
    expect(value(xmlCount, "<think></think>")).toBeCloseTo(0.25, 12)
    expect(value(xmlCount, "</answer>abcdef")).toBeCloseTo(0.125 - 0.005, 12)
    expect(value(xmlCount, "<answer>1</answer>abcdef")).toBeCloseTo(0.25 - 0.006 - 0.005, 12)
    expect(value(xmlCount, `${good}${good}`)).toBe(0)
    expect(value(xmlCount, "<answer>1</answer><answer>2</answer>ab")).toBe(0)
  })
  it("golden: the formats", () => {
    const formats = (text: string) => [value(softFormat, text), value(strictFormat, text)]
    expect(formats(`  ${good}\n`)).toEqual([0.5, 0.5])
    expect(formats(`Sure! ${good}`)).toEqual([0.5, 0])
    expect(formats(good.replace("</think>\n<answer>", "</think> so <answer>"))).toEqual([0.5, 0])
    expect(formats(`${good}<answer>8</answer>`)).toEqual([0.5, 0])
    expect(formats("<think>t</think><answer>4")).toEqual([0, 0])
    expect(formats("<answer>4</answer>\n<think>t</think>")).toEqual([0, 0])
  })
  it("edge: a long or hostile text is judged at once", () => {
    const start = performance.now()
    for (const text of [
      "<think>".repeat(20_000),
      "<answer>1</answer>".repeat(10_000),
      "</answer>\u202e".repeat(10_000)
    ])
      for (const reward of [...mathRewards, ...choiceRewards(["a", "b"]), ...countdownRewards([1, 2])])
        expect(reward.judge(text, AnswerChecks.gold("1"))._tag).toBe("Scored")
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

describe("reasons", () => {
  const said = (reward: OutcomeReward, completion: string) => {
    const outcome = reward.judge(completion, undefined)
    return outcome._tag === "Scored" || outcome._tag === "Skipped" ? outcome.reason : outcome._tag
  }
  it("golden: every verdict says how it was reached", () => {
    expect(said(correctness(AnswerChecks.number), good)).toBe("no gold answer")
    expect(said(xmlCount, `${good}abc`)).toBe("4 tags once, 3 characters after")
    expect([said(softFormat, good), said(softFormat, "x")]).toEqual(["the format holds", "the format does not hold"])
    expect(OutcomeRewards.sum(mathRewards).name).toBe("reward")
  })
})

describe("the rewards of a task", () => {
  const { sum, weightedSum } = OutcomeRewards
  it("golden: a flawless completion", () => {
    expect(value(sum(mathRewards), good, "7")).toBeCloseTo(2 + 0.5 + 0.5 + 0.5 + 0.501, 12)
    const choice = ThinkAnswer.render("t", "B. iron")
    expect(value(sum(choiceRewards(["zinc", "iron"])), choice, "B")).toBeCloseTo(2 + 0.5 + 0.5 + 0.501, 12)
    expect(value(sum(choiceRewards(["zinc", "iron"], 1)), choice, "B")).toBeCloseTo(1 + 0.5 + 0.5 + 0.501, 12)
    const countdown = ThinkAnswer.render("t", "3 + 4")
    expect(value(sum(countdownRewards([4, 3])), countdown, "7")).toBeCloseTo(2 + 0.5 + 0.5 + 0.501, 12)
    expect(value(sum(countdownRewards([4, 3])), countdown, "8")).toBeCloseTo(0.5 + 0.5 + 0.501, 12)
  })
  it("golden: a problem is judged by what it asks: numbers, options, or else a number", () => {
    const first = (problem: Parameters<typeof rewardsOf>[0], answer: string, gold: string, worth?: number) =>
      value(
        rewardsOf(problem, worth === undefined ? {} : { choiceValue: worth })[0]!,
        ThinkAnswer.render("t", answer),
        gold
      )
    expect(first({ numbers: [3, 4] }, "3 + 4", "7")).toBe(2)
    expect(first({ numbers: [3, 4], options: ["7"] }, "7", "7")).toBe(0)
    expect(first({ options: ["zinc", "iron"] }, "iron", "B")).toBe(2)
    expect(first({ options: ["zinc", "iron"] }, "iron", "B", 1)).toBe(1)
    expect(first({}, "7.0", "7")).toBe(2)
    expect(rewardsOf({})).toBe(mathRewards)
    const asWritten = rewardsOf({}, { check: AnswerChecks.exactString })
    expect(asWritten).toHaveLength(mathRewards.length)
    expect(["7", "7.0"].map((answer) => value(asWritten[0]!, ThinkAnswer.render("t", answer), "7"))).toEqual([2, 0])
  })
  it("golden: verdicts of weight 0 do not count, whatever they are, and are not asked for", () => {
    const late = Outcomes.timedOut(5)
    expect(OutcomeRewards.total([{ name: "x", weight: 0, outcome: late }])).toEqual({
      _tag: "Skipped",
      reason: "no reward could be judged"
    })
    const never: OutcomeReward = {
      name: "never",
      judge: () => {
        throw new Error("judged")
      }
    }
    expect(weightedSum([{ reward: never, weight: 0 }]).judge("", undefined)._tag).toBe("Skipped")
  })
  it("golden: ten letters are labels where the options are unknown", () => {
    expect(value(choiceRewards()[0]!, ThinkAnswer.render("t", "J"), "J. zinc")).toBe(2)
  })
  it("golden: names, in order", () => {
    const names = ["correctness", "int", "soft_format", "strict_format", "xmlcount"].map((n) => `${n}_reward_func`)
    expect(mathRewards.map((r) => r.name)).toEqual(names)
    expect(formatRewards.map((r) => r.name)).toEqual(names.slice(2))
  })
  it("golden: weights, and what has no verdict", () => {
    const outcome = (outcome: ReturnType<OutcomeReward["judge"]>): OutcomeReward => ({
      name: "x",
      judge: () => outcome
    })
    const parts = (...list: ReadonlyArray<readonly [OutcomeReward, number]>) =>
      weightedSum(list.map(([reward, weight]) => ({ reward, weight }))).judge("", undefined)
    const [three, none] = [outcome(Outcomes.scored(3, "")), outcome(Outcomes.skipped("no gold answer"))]
    const late = outcome(Outcomes.timedOut(5))
    expect(parts([three, 2], [three, -0.5])).toEqual({ _tag: "Scored", value: 4.5, reason: "x 2 * 3, x -0.5 * 3" })
    expect(parts([three, 1], [none, 1])).toMatchObject({ _tag: "Scored", value: 3 })
    expect(parts([none, 1])).toEqual({ _tag: "Skipped", reason: "no reward could be judged" })
    expect(parts([three, 1], [late, 1], [none, 1])).toEqual({ _tag: "TimedOut", milliseconds: 5 })
    expect(parts([three, 1], [late, 0])).toMatchObject({ _tag: "Scored", value: 3 })
    expect(parts([three, 1], [outcome(Outcomes.unverifiable("?")), 1])._tag).toBe("Unverifiable")
  })
})
