import { describe, expect, it } from "vitest"
import { Outcomes, type Problem } from "../../src/core/data/index.ts"
import { type JudgeText, outcomeContract, type Solved } from "../../src/experiments/doctor/index.ts"

const problem = (id: string, finalAnswer: string): Problem => ({
  id,
  prompt: [{ role: "user", content: id }],
  finalAnswer
})
const solved: ReadonlyArray<Solved> = [
  { problem: problem("a", "4"), completion: "so it is 4" },
  { problem: problem("b", "7"), completion: "so it is 7" },
  { problem: problem("c", "7"), completion: "so it is 7" }
]

/** The last word of the completion is the answer. */
const exact: JudgeText = ({ finalAnswer }, completion) =>
  Outcomes.scored(completion.split(" ").at(-1) === finalAnswer ? 1 : 0, "compared")

describe("outcome reward", () => {
  it("golden: a reward that keeps its contract", () => expect(outcomeContract(exact, solved)._tag).toBe("Passed"))

  it("error: wrong answers are right", () => {
    const generous: JudgeText = () => Outcomes.scored(1, "always")
    expect(outcomeContract(generous, solved)).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining("empty completion")
    })
    const talkative: JudgeText = (_, completion) => Outcomes.scored(completion === "" ? 0 : 1, "said something")
    expect(outcomeContract(talkative, solved)).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining('for "4" and for "7"')
    })
  })

  it("error: right answers are wrong, or cannot be judged", () => {
    expect(outcomeContract(() => Outcomes.scored(0, "never"), solved)._tag).toBe("Failed")
    expect(outcomeContract(() => Outcomes.unverifiable("no number"), solved)._tag).toBe("Failed")
  })

  it("edge: a few errors of the expert are a warning; without gold answers there is nothing to judge", () => {
    const erring = [...solved, { problem: problem("d", "5"), completion: "so it is 6" }]
    expect(outcomeContract(exact, erring)._tag).toBe("Warned")
    expect(outcomeContract(exact, [])._tag).toBe("Skipped")
  })
})
