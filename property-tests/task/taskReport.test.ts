import { describe, expect, it } from "vitest"
import {
  arithmetic,
  decontamination,
  printTaskReport,
  type Split,
  taskLengths,
  taskReport
} from "../../src/core/task/index.ts"

const task = arithmetic({ seed: 3, train: 12, validation: 4, test: 5 })
const read = { task, leftOut: { "no box": 2, "cut off": 1 }, origin: "arithmetic, seed 3" }

describe("taskReport", () => {
  it("law: it is the census and the decontamination of each split, of any task", () => {
    const limits = { prompt: 30, completion: 40 }
    const report = taskReport(read, { limits, overlap: { n: 6 } })
    expect(report.lengths).toEqual(taskLengths(task, limits))
    for (const split of ["validation", "test"] as const)
      expect(report.shared[split]).toEqual(decontamination(task.splits, split, { n: 6 }))
  })
})

describe("printTaskReport", () => {
  const problem = (id: string, prompt: string) => ({ id, prompt })
  const split = (...problems: ReadonlyArray<readonly [string, string, string?]>): Split => ({
    problems: problems.map(([id, prompt]) => problem(id, prompt)),
    demonstrations: problems.flatMap(([id, prompt, completion]) =>
      completion === undefined ? [] : [{ problem: problem(id, prompt), completion }]
    )
  })
  const tokenizer = { ...task.tokenizer, encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)) }
  const letters = {
    ...task,
    name: "letters",
    tokenizer,
    renderPrompt: ({ prompt }: { readonly prompt: unknown }) => String(prompt),
    splits: {
      train: split(["t0", "a b c d", "x"], ["t1", "e f g h", "see a b c"]),
      validation: split(["v0", "a b c"]),
      test: split(["s0", "E, f, g: h!", "yy"], ["s1", "b c d x y z"])
    }
  }
  it("golden: counted by hand, with one token a letter and runs of three words", () => {
    const named = { task: letters, leftOut: read.leftOut, origin: "hand" }
    const report = taskReport(named, { limits: { prompt: 7, completion: 9 }, overlap: { n: 3 } })
    expect(printTaskReport(report)).toBe(
      `letters, from hand

split       text        texts  median  p99  max  too long
──────────  ──────────  ─────  ──────  ───  ───  ────────
train       prompt          2       7    7    7         0
train       completion      2       2   10   10         1
validation  prompt          1       5    5    5         0
validation  completion      0       -    -    -         0
test        prompt          2      11   11   11         2
test        completion      1       3    3    3         0

left out: 2 no box, 1 cut off

held out    training  share 3 words  half  equal  largest
──────────  ────────  ─────────────  ────  ─────  ───────
validation  prompts               1     1      0        1
validation  traces                1     1      0        1
test        prompts               2     1      1        1
test        traces                0     0      0        -`
    )
  })
  it("edge: nothing left out, no limits", () => {
    const text = printTaskReport(taskReport({ ...read, leftOut: {} }))
    expect(text).toContain("left out: nothing")
    expect(text).not.toContain("too long")
  })
})
