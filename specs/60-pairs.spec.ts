import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { Targets } from "../src/core/evaluation/index.ts"
import { decodePair, editedTrace } from "../src/core/result/index.ts"

const place = { file: "pairs.jsonl", line: 2 }
const characters = (text: string) => {
  const units = Array.from(text)
  const bounds = [0]
  for (const unit of units) bounds.push(bounds.at(-1)! + unit.length)
  return { ids: units.map((unit) => unit.codePointAt(0)!), bounds }
}

describe("pairs", () => {
  it("golden: spans that Python counted in characters are those of the same text here", () => {
    const pair = Result.getOrThrow(
      decodePair(
        {
          prompt: [{ role: "user", content: "q" }],
          clean_text: "🙂 2+2=4",
          pert_text: "🙂 2+2=5",
          original_step: "2+2=4",
          perturbed_step: "2+2=5",
          target_char_span: [2, 7],
          severity: 2,
          prompt_idx: 9
        },
        place
      )
    )
    expect(pair).toEqual({
      prompt: "q",
      messages: [{ role: "user", content: "q" }],
      promptId: "9",
      promptIndex: 9,
      clean: "🙂 2+2=4",
      wrong: "🙂 2+2=5",
      originalStep: "2+2=4",
      wrongStep: "2+2=5",
      step: { start: 3, end: 8 },
      severity: 2
    })
    expect(pair.wrong.slice(pair.step!.start, pair.step!.end)).toBe("2+2=5")
    const trace = editedTrace(pair, characters)
    expect([Targets.diff, Targets.charSpan, Targets.charStart].map((source) => source(trace))).toEqual([
      [6],
      [2, 3, 4, 5, 6],
      [2]
    ])
  })

  it("golden: a trace that was wrong by nature, without a span", () => {
    const pair = Result.getOrThrow(
      decodePair({ prompt: "q", clean_text: "a", wrong_text: "b", target_char_span: null }, place)
    )
    expect(pair).toEqual({
      ...{ prompt: "q", messages: [{ role: "user", content: "q" }], promptId: "q" },
      ...{ clean: "a", wrong: "b", severity: 1 }
    })
    expect(Targets.charSpan(editedTrace(pair, characters))).toEqual([0])
  })

  it("error: a pair without its wrong text is named", () => {
    const bad = decodePair({ prompt: "q", clean_text: "a" }, place)
    expect(Result.isFailure(bad) && bad.failure[0]?.message).toContain("wrong_text too")
  })
})
