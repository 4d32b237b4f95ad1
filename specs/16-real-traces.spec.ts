import { describe, expect, it } from "vitest"
import { choiceTrace, lengthCensus, readSolution } from "../src/core/task/index.ts"

describe("choiceTrace", () => {
  const table: ReadonlyArray<
    readonly [claim: string, text: string, answer: string | undefined, trace: string, flags: string]
  > = [
    ["a statement", "It is internal. The answer is (C).\n", "C", "It is internal.", "stated"],
    ["without brackets", "So x. Therefore, the answer is B", "B", "So x.", "stated"],
    ["in bold or quotes", "So x.\nThe answer is **D**.", "D", "So x.", "stated"],
    ["in back-ticks", "So x.\nThe answer is `D. 11.7`.", "D", "So x.", "stated"],
    ["run-on answers", "Why. The answer is (C).\n\nAnswer: The answer is (G).", "C", "Why.", "stated ranOn"],
    ["a run-on question", "Why. The answer is (C).\n\nQuestion: x?\nThe answer is (A).", "C", "Why.", "stated ranOn"],
    ["a question before any answer", "Hm.\nQuestion: x?\nThe answer is (A).", undefined, "Hm.", "none ranOn"],
    [
      "taken back in its line",
      "The answer is (D) is incorrect. The correct answer is (I).",
      "I",
      "The answer is (D) is incorrect.",
      "stated"
    ],
    [
      "second thoughts on a later line",
      "x. The answer is (H).\nFinal Answer:\nThe answer is (F).",
      "H",
      "x.",
      "stated ranOn"
    ],
    ["a label", "x is y.\n\nFinal Answer: B. Prescribe", "B", "x is y.", "labelled"],
    ["a label on its own line", "x is y.\n\nFinal Answer:\nC. Text", "C", "x is y.", "labelled"],
    ["a conclusion", "It is 7. The closest option is (E).", "E", "It is 7.", "concluded"],
    ["an option by name", "It is 7. Therefore, option C is the best answer.", "C", "It is 7.", "concluded"],
    ["a bracket that concludes nothing", "It is due to (E).", undefined, "It is due to (E).", "none"],
    [
      "a word, not a letter",
      "The answer is Increasing. No more.",
      undefined,
      "The answer is Increasing. No more.",
      "none"
    ],
    ["a letter beyond the options", "The answer is (J).", "J", "", "stated"],
    ["cut off", "First we add 3 and", undefined, "First we add 3 and", "none cutOff"],
    ["nothing", "", undefined, "", "none cutOff"]
  ]
  for (const [claim, text, answer, trace, flags] of table)
    it(`golden: ${claim}`, () => {
      const read = choiceTrace(text, 10)
      const seen = [read.rule, ...(read.ranOn ? ["ranOn"] : []), ...(read.cutOff ? ["cutOff"] : [])].join(" ")
      expect([read.answer, read.trace, seen]).toEqual([answer, trace, flags])
    })
  it("golden: only letters of options count", () => {
    expect(choiceTrace("The answer is (J).", 4).answer).toBeUndefined()
  })
})

describe("readSolution", () => {
  it("golden: annotations go, the final answer is split off", () => {
    const answer = "He sold 48/2 = $<<48/2=24>>24.\nIn all 48+24 = <<48+24=72>>72.\n#### 1,072"
    expect(readSolution(answer)).toEqual({ trace: "He sold 48/2 = $24.\nIn all 48+24 = 72.", finalAnswer: "1,072" })
  })
})

describe("lengthCensus", () => {
  it("golden: quantiles and what a limit would cut", () => {
    const census = lengthCensus([5, 1, 4, 2, 3, 9, 8, 7, 6, 10], [8, 100])
    expect(census).toEqual({
      n: 10,
      mean: 5.5,
      median: 5,
      p90: 9,
      p99: 10,
      max: 10,
      over: [
        { limit: 8, texts: 2 },
        { limit: 100, texts: 0 }
      ]
    })
    expect(lengthCensus([]).max).toBe(0)
  })
})
