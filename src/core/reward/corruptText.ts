import { Rng } from "../tensor/index.ts"
import { labelsOf, ThinkAnswer } from "../text/index.ts"
import { nearby, numbersIn, replaceAt, shifted, valueOf } from "./corruptNumber.ts"
import { type Perturbation, perturbation } from "./Perturbation.ts"

/** An arithmetic sign between two operands: no bullet, no `**`, no hyphen of a word. `x` counts between numbers. */
const OPERATORS: ReadonlyArray<readonly [sign: string, pattern: RegExp]> = [
  ["*", /(?<=[\w)%]\s?)(?<!\*)(?:\*(?!\*)|×|(?<=\d\s?)x(?=\s?[\d$(]))(?=\s?[\w($.])/],
  ["/", /(?<=[\w)%]\s?)(?:\/|÷)(?=\s?[\d($.])/],
  ["+", /(?<=[\w)%]\s?)\+(?=\s?[\w($.])/],
  ["-", /(?<=[\d)%]\s?)[-\u2212](?=\s?[\d($.])/]
]

/** Lines of the think block that hold a sign, with the place of their first sign in the order * / + -. */
const operatorsByLine = (completion: string) => {
  const block = ThinkAnswer.think(completion)
  const { start, end } = block._tag === "Found" ? block.span : { start: 0, end: completion.length }
  const places: Array<{ readonly at: number; readonly length: number; readonly sign: string }> = []
  let from = start
  for (const line of completion.slice(start, end).split("\n")) {
    for (const [sign, pattern] of OPERATORS) {
      const match = pattern.exec(line)
      if (match === null) continue
      places.push({ at: from + match.index, length: match[0].length, sign })
      break
    }
    from += line.length + 1
  }
  return places
}

/** On a random line of the trace, the first sign in the order `* / + -` becomes another one. */
export const flipOperatorInOneStep: Perturbation = perturbation("flip_operator_in_one_step", (text, rng) => {
  const places = operatorsByLine(text)
  if (places.length === 0) return undefined
  const { at, length, sign } = Rng.pick(rng, places)
  const other = Rng.pick(
    rng,
    ["*", "/", "+", "-"].filter((s) => s !== sign)
  )
  return text.slice(0, at) + other + text.slice(at + length)
})

const swapAdjacent = (text: string, rng: Rng.Rng): string | undefined => {
  const places = Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i).filter(
    (i) => text[i] !== text[i + 1]
  )
  if (places.length === 0) return undefined
  const i = Rng.pick(rng, places)
  return text.slice(0, i) + text[i + 1]! + text[i]! + text.slice(i + 2)
}

const OPPOSITE: Readonly<Record<string, string>> = { yes: "no", true: "no", no: "yes", false: "yes" }

/** Another answer near the given one; undefined where there is none. */
const nearbyAnswer = (answer: string, rng: Rng.Rng): string | undefined => {
  const opposite = OPPOSITE[answer.toLowerCase()]
  if (opposite !== undefined) return opposite
  const label = /^\(?([A-J])(?=[.):]|$)/.exec(answer)?.[1]
  if (label !== undefined) {
    const other = Rng.pick(
      rng,
      labelsOf(Math.max(4, label.charCodeAt(0) - 64)).filter((l) => l !== label)
    )
    return answer.replace(label, other)
  }
  const numbers = numbersIn(answer)
  if (numbers.length > 0) return replaceAt(answer, numbers.slice(0, 1), (n) => nearby(n, rng))
  return swapAdjacent(answer, rng)
}

const withAnswer = (text: string, edit: (answer: string) => string | undefined): string | undefined => {
  const block = ThinkAnswer.answer(text)
  if (block._tag === "Missing") return undefined
  const after = edit(block.text)
  return after === undefined ? undefined : text.slice(0, block.span.start) + after + text.slice(block.span.end)
}

/**
 * The final answer becomes one near it: a number moves by one unit of its last place, yes and no change places, a
 * choice's letter becomes another, of any other text two adjacent characters change places.
 */
export const corruptAnswerNearbyNumber: Perturbation = perturbation("corrupt_answer_nearby_number", (text, rng) =>
  withAnswer(text, (answer) => nearbyAnswer(answer, rng))
)

/** The final answer becomes another number of the trace, or one near it where the trace has none. */
export const corruptAnswerWithThinkNumber: Perturbation = perturbation(
  "corrupt_answer_with_think_number",
  (text, rng) =>
    withAnswer(text, (answer) => {
      const trace = ThinkAnswer.think(text)
      const [stated] = numbersIn(answer)
      if (trace._tag === "Missing" || stated === undefined) return nearbyAnswer(answer, rng)
      const others = [...new Set(numbersIn(trace.text).map((n) => n.text))].filter(
        (n) => valueOf(n) !== valueOf(stated.text)
      )
      return others.length === 0 ? nearbyAnswer(answer, rng) : replaceAt(answer, [stated], () => Rng.pick(rng, others))
    })
)

/** The first quarter of the completion's numbers, at least one, move: integers by 1, 2, 5 or 10, decimals by 0.5 to 2. */
export const corruptNumbers: Perturbation = perturbation("corrupt_numbers", (text, rng) => {
  const numbers = numbersIn(text)
  if (numbers.length === 0) return undefined
  return replaceAt(text, numbers.slice(0, Math.max(1, Math.floor(numbers.length / 4))), (n) => shifted(n, rng))
})
