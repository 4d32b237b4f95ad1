import { it as effectIt } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { expect } from "vitest"
import { AnswerChecks, canonicalAnswer, checkAnswer } from "../../src/core/text/index.ts"
import { formulas } from "../../src/experiments/answers/index.ts"

const { raw } = String
const check = (g: string, p: string) =>
  Effect.map(checkAnswer(AnswerChecks.gold(g), AnswerChecks.prediction(p)), (o) =>
    o._tag === "Scored" ? o.value : o._tag
  )

/** A formula with a root, as (left, right) sides of a sum, so that it can be written the other way round. */
const sides = fc.tuple(
  fc.constantFrom("x", "y", "t^2", "3z"),
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(2, 3, 5, 7).map((n) => raw`\sqrt{${n}}`)
)
const sum = (parts: ReadonlyArray<string | number>) => parts.join(" + ")
const sampled = fc.sample(sides, { seed: 42, numRuns: 25 })

effectIt.layer(formulas(), { excludeTestServices: true })("the one check", (effectIt) => {
  effectIt.effect("law: a sum is itself in any order and dress, on either side", () =>
    Effect.forEach(sampled, ([a, b, c]) =>
      Effect.gen(function* () {
        const [one, other] = [sum([a, b, c]), raw`\boxed{\left(${sum([c, a])}\right) + ${b}}`]
        expect([one, yield* check(one, other)]).toEqual([one, 1])
        expect([other, yield* check(other, one)]).toEqual([other, 1])
      })
    )
  )

  effectIt.effect("law: another constant is another formula", () =>
    Effect.forEach(sampled, ([a, b, c]) =>
      Effect.map(check(sum([a, b, c]), sum([a, b + 1, c])), (found) => expect([a, b, c, found]).toEqual([a, b, c, 0]))
    )
  )

  effectIt.effect("law: the gold answer among others is wrong, and a gold answer of several wants them all", () =>
    Effect.forEach(sampled, ([a, b, c]) =>
      Effect.gen(function* () {
        const gold = sum([a, b, c])
        for (const several of [`${gold} or ${b}`, `${gold}\n${c}`, `${c}; ${gold}`, `${gold}, ${c}`]) {
          expect([several, yield* check(gold, several)]).toEqual([several, 0])
          expect([several, yield* check(several, gold)]).toEqual([several, 0])
        }
      })
    )
  )
})

effectIt("law: the canonical answer of a canonical answer is itself, and blank ones have none", () =>
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.integer().map((n) => `$${n}.00`),
        fc.double({ noNaN: true }).map(String)
      ),
      (text) => {
        const once = canonicalAnswer(text)
        if (once !== undefined && once !== "") expect(canonicalAnswer(once)).toBe(once)
        expect(canonicalAnswer(" ")).toBeUndefined()
      }
    ),
    { seed: 42, numRuns: 200 }
  )
)
