import { describe, expect, it } from "vitest"
import type { Problem } from "../src/core/data/index.ts"
import { arithmetic, parseChain, solve, Tasks } from "../src/core/task/index.ts"
import { pieces, ThinkAnswer } from "../src/core/text/index.ts"

const task = arithmetic({ seed: 1, train: 2000, validation: 2, test: 2 })
const problem: Problem = {
  id: "p",
  prompt: "Ann has 12 apples. loses 4. finds 9. finds 3. how many?",
  finalAnswer: "20"
}
const steps = "so 12 - 4 = 8.\n8 + 9 = 17 apples.\nnow 17 + 3 = 20."
const shortcut = "then 12 - 4 + 9 + 3 = 20."
const trace = (lines: string, answer = "20") => ThinkAnswer.render(lines, answer)
const verdict = (completion: string) => task.checkSteps?.(problem, completion).firstWrongStep

describe("arithmetic", () => {
  it("golden: a chain is read out of its words and solved", () => {
    const chain = parseChain(problem)
    expect(chain).toEqual({
      start: 12,
      item: "apples",
      operations: [
        { operator: "-", operand: 4 },
        { operator: "+", operand: 9 },
        { operator: "+", operand: 3 }
      ]
    })
    expect(chain && solve(chain)).toBe(20)
    expect(parseChain({ id: "x", prompt: "What is love?" })).toBeUndefined()
    expect(parseChain({ id: "x", prompt: "Ann has 12 apples. paints 4. how many?" })).toBeUndefined()
  })
  it("golden: the tokens of a prompt and of a trace", () => {
    const demonstration = { problem, completion: trace(`${steps}\n${shortcut}`), finalAnswer: "20", source: "solver" }
    const { prompt, completion } = Tasks.encodeDemonstration(task, demonstration)
    const words = (ids: ReadonlyArray<number>) =>
      pieces(task.tokenizer, ids)
        .map((p) => (p === "\n" ? "|" : p.trim()))
        .join(" ")
    expect(words(prompt)).toBe("Ann has 1 2 apples . loses 4 . finds 9 . finds 3 . how many ?")
    expect(words(completion)).toBe(
      "<think> | so 1 2 - 4 = 8 . | 8 + 9 = 1 7 apples . | now 1 7 + 3 = 2 0 . | then 1 2 - 4 + 9 + 3 = 2 0 . | " +
        "</think> | <answer> | 2 0 | </answer> <eos>"
    )
  })
  it("golden: steps end with their lines, the last is what follows", () => {
    const completion = trace(steps)
    const shown = task.checkSteps?.(problem, completion).steps.map((s) => completion.slice(s.start, s.end))
    expect(shown).toEqual([
      "<think>\nso 12 - 4 = 8.\n",
      "8 + 9 = 17 apples.\n",
      "now 17 + 3 = 20.\n",
      "</think>\n<answer>\n20\n</answer>"
    ])
  })
  it("golden: the first wrong step", () => {
    const table: ReadonlyArray<readonly [claim: string, completion: string, step: number | undefined]> = [
      ["step by step", trace(steps), undefined],
      ["all in one line", trace(shortcut), undefined],
      ["two in one line", trace("12 - 4 + 9 = 17 apples.\nagain 17 + 3 = 20."), undefined],
      ["a wrong result", trace("so 12 - 4 = 7.\n7 + 9 = 16.\n16 + 3 = 19.", "19"), 0],
      ["a wrong result that nothing follows", trace("so 12 - 4 = 8.\n8 + 9 = 16.\n17 + 3 = 20."), 1],
      ["a wrong left number", trace("12 - 4 = 8.\n9 + 9 = 18.\n18 + 3 = 21.", "21"), 1],
      ["a left number that nothing follows from", trace("12 - 4 = 8.\n9 + 9 = 17.\n17 + 3 = 20."), 1],
      ["a shortcut in another order", trace("12 + 9 - 4 + 3 = 20."), 0],
      ["a shortcut with one operation too many", trace("12 - 4 + 9 + 3 + 0 = 20."), 0],
      ["a wrong operand", trace("12 - 4 = 8.\n8 + 9 = 17.\n17 + 4 = 21.", "21"), 2],
      ["a wrong operator", trace("12 + 4 = 16.\n16 + 9 = 25.\n25 + 3 = 28.", "28"), 0],
      ["a wrong shortcut", trace("12 - 4 + 9 + 3 = 21.", "21"), 0],
      ["a shortcut that skips an operation", trace("12 - 4 + 3 = 11.", "11"), 0],
      ["a line dropped in the middle", trace("12 - 4 = 8.\n8 + 3 = 11.", "11"), 1],
      ["a line dropped at the end", trace("12 - 4 = 8.\n8 + 9 = 17.", "17"), 2],
      ["no line at all", trace("", "20"), 0],
      ["a line too many", trace(`${steps}\n20 + 3 = 23.`, "23"), 3],
      ["a wrong answer", trace(steps, "21"), 3],
      ["a wrong answer after a shortcut", trace(shortcut, "12"), 1],
      ["another item", trace("12 - 4 = 8 eggs.\n8 + 9 + 3 = 20."), 0],
      ["an item before the equation", trace("apples 12 - 4 = 8.\n8 + 9 + 3 = 20."), 0],
      ["two connectors", trace("12 - 4 = 8.\nso then 8 + 9 + 3 = 20."), 1],
      ["no dot", trace("12 - 4 = 8.\n8 + 9 + 3 = 20"), 1],
      ["no operation", trace("12 - 4 = 8.\n8 = 8.\n8 + 9 + 3 = 20."), 1],
      ["a blank line", trace("12 - 4 = 8.\n\n8 + 9 + 3 = 20."), 1],
      ["leading zeros", trace("12 - 4 = 08.\n8 + 9 + 3 = 20."), 0],
      ["cut off in a line", "<think>\n12 - 4 = 8.\n8 + 9", 1],
      ["cut off after a line", "<think>\n12 - 4 = 8.\n", 1],
      ["cut off after the trace", `<think>\n${shortcut}\n</think>\n<answer>`, 1],
      ["the answer twice", `${trace(shortcut)}<answer>\n20\n</answer>`, 1],
      ["no opening tag", `${shortcut}\n</think>\n<answer>\n20\n</answer>`, 0],
      ["nothing", "", 0]
    ]
    for (const [claim, completion, step] of table) expect([claim, verdict(completion)]).toEqual([claim, step])
  })
  it("golden: the answer is judged apart from the steps", () => {
    const judge = (text: string) => task.checkAnswer(problem, text)
    expect(judge(trace("nonsense"))).toMatchObject({ _tag: "Scored", value: 1 })
    expect(judge(trace(steps, "21"))).toMatchObject({ _tag: "Scored", value: 0 })
    expect(judge("20")).toMatchObject({ _tag: "Scored", value: 0, reason: "no answer given" })
    expect(task.checkAnswer({ id: "u", prompt: "?" }, "20")._tag).toBe("Skipped")
  })
  it("golden: shortcuts are 4 traces of 10, and lines have the stated words in both kinds of trace", () => {
    const traces = task.splits.train.demonstrations.map((d) =>
      d.completion.split("</think>")[0]!.trim().split("\n").slice(1)
    )
    const inOne = traces.filter((lines) => lines.length === 1)
    expect(traces.every((lines) => lines.length === 1 || lines.length === 3)).toBe(true)
    expect(inOne.length / traces.length).toBeCloseTo(0.4, 1)
    for (const lines of [inOne.flat(), traces.filter((t) => t.length === 3).flat()]) {
      const share = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length / lines.length
      expect(Math.abs(share(/ [a-z]+\.$/) - 0.3)).toBeLessThan(0.05)
      const opens = "\\d .3 so .2 then .15 now .1 next .07 thus .05 ok .04 well .03 hence .02 again .02 first .02"
      for (const [, open, expected] of opens.matchAll(/(\S+) (\S+)/g))
        expect([open, Math.abs(share(new RegExp(`^${open}`)) - Number(expected)) < 0.04]).toEqual([open, true])
    }
  })
})
