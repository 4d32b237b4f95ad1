import fc from "fast-check"
import { type Perturbation, Perturbations } from "../reward/index.ts"
import { ThinkAnswer } from "../text/index.ts"
import { type Law, law } from "./Law.ts"

const sentence = fc.oneof(
  fc
    .tuple(fc.nat(60), fc.constantFrom("+", "-", "*"), fc.nat(20))
    .map(([a, op, b]) => `so ${a} ${op} ${b} = ${op === "+" ? a + b : op === "-" ? a - b : a * b}.`),
  fc.constantFrom("A 40-year-old man has high blood pressure.", "The infection causes fever.", "Surgery is indicated.")
)

/** What the last equation comes to; 0 without one. */
const lastResult = (lines: ReadonlyArray<string>): string =>
  /= (-?\d+)\.$/.exec(lines.findLast((l) => l.includes("=")) ?? "")?.[1] ?? "0"

/** Traces in the think/answer format: sums, clinical sentences, answers that follow from them, numbers, letters, words, or nothing. */
export const traces: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(sentence, { maxLength: 5 }),
    fc.oneof(
      fc.constant(lastResult),
      fc.oneof(fc.nat(99).map(String), fc.constantFrom("yes", "C", "2.50", "B. iron", ""))
    )
  )
  .map(([lines, answer]) => ThinkAnswer.render(lines.join("\n"), typeof answer === "string" ? answer : answer(lines)))

/**
 * What holds of every perturbation: it says what it changed, changes that alone, and repeats itself.
 *
 * @param texts completions that it is tried on; some of them must be such that it has something to change
 */
export const perturbation = (subject: Perturbation, texts: fc.Arbitrary<string> = traces): ReadonlyArray<Law> => {
  const seeded = fc.tuple(texts, fc.nat())
  return [
    {
      name: `${subject.name}: changes some of the texts that it is tried on`,
      check: ({ seed = 42, numRuns = 200 } = {}) => {
        const tried = fc.sample(seeded, { seed, numRuns })
        if (tried.some(([text, stream]) => Perturbations.perturb(subject, text, stream)._tag === "Perturbed")) return
        throw new Error(
          `${subject.name} changed none of ${numRuns} texts (seed ${seed}), e.g. not ${JSON.stringify(tried[0]![0])}, so no law ` +
            "of it was tried. Give Laws.perturbation texts in which it has something to change."
        )
      }
    },
    law(`${subject.name}: equal seeds give equal results`, seeded, ([text, seed]) => {
      const [a, b] = [Perturbations.perturb(subject, text, seed), Perturbations.perturb(subject, text, seed)]
      return JSON.stringify(a) === JSON.stringify(b)
    }),
    law(`${subject.name}: what is called perturbed differs from the expert's text`, seeded, ([text, seed]) => {
      const result = Perturbations.perturb(subject, text, seed)
      return result._tag === "Unchanged" || result.text !== text
    }),
    law(
      `${subject.name}: text outside the span is the expert's, and its first character is not`,
      seeded,
      ([text, seed]) => {
        const result = Perturbations.perturb(subject, text, seed)
        if (result._tag === "Unchanged") return true
        const { start, end } = result.span
        return (
          0 <= start &&
          start <= end &&
          end <= result.text.length &&
          (start === end || text[start] !== result.text[start]) &&
          text.startsWith(result.text.slice(0, start)) &&
          text.endsWith(result.text.slice(end))
        )
      }
    )
  ]
}
