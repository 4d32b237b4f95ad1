import fc from "fast-check"
import { expect, it } from "vitest"
import { AnswerChecks, numberIn, StepRules, stepEnds, ThinkAnswer } from "../../src/core/text/index.ts"

const anyPlain = fc.string({ minLength: 1 }).filter((s) => s.trim() !== "" && !s.includes("<"))

it("law: parse after render gives the trace and the answer, with their places", () => {
  fc.assert(
    fc.property(anyPlain, anyPlain, (trace, finalAnswer) => {
      const text = ThinkAnswer.render(trace, finalAnswer)
      for (const [block, expected] of [
        [ThinkAnswer.think(text), trace.trim()],
        [ThinkAnswer.answer(text), finalAnswer.trim()]
      ] as const) {
        if (block._tag !== "Found") throw new Error(block.reason)
        expect(block.text).toBe(expected)
        expect(text.slice(block.span.start, block.span.end)).toBe(expected)
      }
      expect(ThinkAnswer.isStrict(text)).toBe(true)
    }),
    { seed: 42, numRuns: 300 }
  )
})

it("law: step ends increase strictly and the last token is one, under every rule and tokenisation", () => {
  const anyPieces = fc.array(
    fc.oneof(fc.constantFrom(".", "\n", " ", "3", "<think>", "</think>", "e.g", "a"), fc.string())
  )
  fc.assert(
    fc.property(anyPieces, fc.constantFrom(StepRules.sentences, StepRules.lines), (pieces, rule) => {
      const ends = stepEnds(pieces, rule)
      expect(ends.at(-1)).toBe(pieces.length === 0 ? undefined : pieces.length - 1)
      for (const [k, end] of ends.entries()) expect(k === 0 || end > ends[k - 1]!).toBe(true)
    }),
    { seed: 42, numRuns: 500 }
  )
})

it("law: a step end depends on earlier tokens and the next one only", () => {
  const anyPieces = fc.array(fc.constantFrom(".", "\n", " ", "3", "</think>", "e.g", "a", "word", ":"), {
    minLength: 3
  })
  fc.assert(
    fc.property(anyPieces, anyPieces, (pieces, more) => {
      const cut = stepEnds(pieces).filter((t) => t < pieces.length - 1)
      const longer = stepEnds([...pieces, ...more]).filter((t) => t < pieces.length - 1)
      expect(longer).toEqual(cut)
    }),
    { seed: 42, numRuns: 500 }
  )
})

it("law: every spelling of an integer reads as that integer", () => {
  const spell = [
    String,
    (n: number) => `$${n}`,
    (n: number) => `${n}.00`,
    (n: number) => n.toLocaleString("en-US"),
    (n: number) => `${n} apples`
  ]
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.constantFrom(...spell), fc.constantFrom(...spell), (n, a, b) => {
      const outcome = AnswerChecks.number.check(AnswerChecks.gold(a(n)), AnswerChecks.prediction(b(n)))
      expect(outcome).toMatchObject({ _tag: "Scored", value: 1 })
      const wrong = AnswerChecks.number.check(AnswerChecks.gold(a(n)), AnswerChecks.prediction(b(n + 1)))
      expect(wrong).toMatchObject({ _tag: "Scored", value: 0 })
    }),
    { seed: 42, numRuns: 300 }
  )
})

it("edge: numberIn never throws and is quick on long digits", () => {
  fc.assert(
    fc.property(fc.string(), (text) => void numberIn(text)),
    { seed: 42, numRuns: 500 }
  )
  const start = performance.now()
  numberIn("9".repeat(50_000))
  numberIn("1,".repeat(20_000))
  numberIn("1 ".repeat(20_000))
  expect(performance.now() - start).toBeLessThan(2_000)
})
