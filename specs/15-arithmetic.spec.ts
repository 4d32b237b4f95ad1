import { describe, expect, it } from "vitest"
import type { Problem } from "../src/core/data/index.ts"
import { arithmetic, parseChain, solve } from "../src/core/task/index.ts"
import { ThinkAnswer } from "../src/core/text/index.ts"

const task = arithmetic({ seed: 1, train: 3, validation: 2, test: 2 })
const problem: Problem = { id: "p", prompt: "Ann has 36 cards. loses 14. gets 3. how many?", finalAnswer: "25" }
const verdict = (completion: string) => task.checkSteps?.(problem, completion).firstWrongStep
const trace = (lines: string, answer = "25") => ThinkAnswer.render(lines, answer)

describe("arithmetic", () => {
  it("golden: a chain is read out of its words and solved", () => {
    const chain = parseChain(problem)
    expect(chain).toEqual({
      start: 36,
      operations: [
        { operator: "-", operand: 14 },
        { operator: "+", operand: 3 }
      ]
    })
    expect(solve(chain!).map((s) => s.result)).toEqual([22, 25])
    expect(parseChain({ id: "d", prompt: "Eva has 4 eggs. doubles them. triples them. how many?" })).toEqual({
      start: 4,
      operations: [
        { operator: "*", operand: 2 },
        { operator: "*", operand: 3 }
      ]
    })
    expect(parseChain({ id: "x", prompt: "What is love?" })).toBeUndefined()
  })
  it("golden: the first wrong step", () => {
    const table: ReadonlyArray<readonly [claim: string, completion: string, step: number | undefined]> = [
      ["all right", trace("so 36 - 14 = 22\nthus 22 + 3 = 25"), undefined],
      ["no lead words, a sum swapped", trace("36 - 14 = 22\n3 + 22 = 25"), undefined],
      ["a difference swapped", trace("14 - 36 = 22\n22 + 3 = 25"), 0],
      ["a wrong result", trace("so 36 - 14 = 23\nthus 23 + 3 = 26", "26"), 0],
      ["a wrong operand", trace("so 36 - 14 = 22\nthus 22 + 4 = 26", "26"), 1],
      ["a wrong answer", trace("so 36 - 14 = 22\nthus 22 + 3 = 25", "26"), 2],
      ["a step missing", trace("so 36 - 14 = 22", "22"), 1],
      ["a step too many", trace("so 36 - 14 = 22\nthus 22 + 3 = 25\nso 25 + 3 = 28", "28"), 2],
      ["leading zeros", trace("so 36 - 14 = 022\nthus 22 + 3 = 25"), 0],
      ["cut off in a step", "<think>\nso 36 - 14 = 22\nthus 22 +", 1],
      ["cut off after the trace", "<think>\nso 36 - 14 = 22\nthus 22 + 3 = 25\n</think>\n<answer>", 2],
      ["no opening tag", "so 36 - 14 = 22", 0],
      ["nothing", "", 0]
    ]
    for (const [claim, completion, step] of table) expect([claim, verdict(completion)]).toEqual([claim, step])
  })
  it("golden: the answer is judged apart from the steps", () => {
    const judge = (text: string) => task.checkAnswer(problem, text)
    expect(judge(trace("nonsense"))).toMatchObject({ _tag: "Scored", value: 1 })
    expect(judge(trace("so 36 - 14 = 22\nthus 22 + 3 = 25", "26"))).toMatchObject({ _tag: "Scored", value: 0 })
    expect(judge("25")).toMatchObject({ _tag: "Scored", value: 0, reason: "no answer given" })
    expect(task.checkAnswer({ id: "u", prompt: "?" }, "25")._tag).toBe("Skipped")
  })
})
