import { type Perturbation, Perturbations } from "../reward/index.ts"
import { Rng } from "../tensor/index.ts"
import { ThinkAnswer } from "../text/index.ts"

/** A change of traces, and what a scorer of reasoning should do about it. */
export interface Change {
  readonly perturbation: Perturbation
  /** `fall`: the trace is worse now. `same`: it says the same. */
  readonly expected: "fall" | "same"
}

/** The reasoning of a completion cut into steps, with what stands around it: lines that show something, else sentences. */
const stepsOf = (completion: string) => {
  const block = ThinkAnswer.think(completion)
  const { start, end: shownEnd } = block._tag === "Found" ? block.span : { start: 0, end: completion.length }
  // The white space after the last step is its own, as it is of the others.
  const end = shownEnd + /^\s*/.exec(completion.slice(shownEnd))![0].length
  const text = completion.slice(start, end)
  const lines = text.split(/(?<=\n)/)
  const parts = lines.filter((line) => line.trim() !== "").length > 1 ? lines : text.split(/(?<=[.!?;]\s)/)
  const shown = parts.flatMap((part, i) => (part.trim() === "" ? [] : [i]))
  const put = (changed: ReadonlyArray<string>): string =>
    completion.slice(0, start) + changed.join("") + completion.slice(end)
  return { parts, shown, put }
}

const ended = (step: string): string => (/\s$/.test(step) ? step : `${step}\n`)

const fall = (perturbation: Perturbation): Change => ({ perturbation, expected: "fall" })
const same = (perturbation: Perturbation): Change => ({ perturbation, expected: "same" })

/** One step of several is left out. */
export const deleteStep = fall(
  Perturbations.perturbation("delete a step", (completion, rng) => {
    const { parts, shown, put } = stepsOf(completion)
    if (shown.length < 2) return undefined
    const at = Rng.pick(rng, shown)
    return put(parts.filter((_, i) => i !== at))
  })
)

/** All steps are there, in another order. */
export const shuffleSteps = fall(
  Perturbations.perturbation("shuffle the steps", (completion, rng) => {
    const { parts, shown, put } = stepsOf(completion)
    if (shown.length < 2) return undefined
    const order = Rng.shuffle(rng, shown)
    // The last may lack the white space that parts it from the next.
    const steps = order.map((i, k) => (k === order.length - 1 ? parts[i]! : ended(parts[i]!)))
    return put(parts.map((part, i) => (shown.includes(i) ? steps[shown.indexOf(i)]! : part)))
  })
)

/** One step is said twice. */
export const duplicateStep = fall(
  Perturbations.perturbation("duplicate a step", (completion, rng) => {
    const { parts, shown, put } = stepsOf(completion)
    if (shown.length === 0) return undefined
    const at = Rng.pick(rng, shown)
    return put(parts.flatMap((part, i) => (i === at ? [ended(part), part] : [part])))
  })
)

/** One whole number of the reasoning is another, by 1 to 9; the answer stays. */
export const changeNumber = fall(
  Perturbations.perturbation("change a number", (completion, rng) => {
    const { parts, put } = stepsOf(completion)
    const text = parts.join("")
    const numbers = [...text.matchAll(/(?<![\w.])\d+(?![\w.]*\w)/g)]
    if (numbers.length === 0) return undefined
    const { 0: number, index } = Rng.pick(rng, numbers)
    const value = Number(number)
    const by = Rng.between(rng, 1, 9)
    const wrong = Rng.uniform(rng) < 0.5 && value >= by ? value - by : value + by
    return put([text.slice(0, index), String(wrong), text.slice(index + number.length)])
  })
)

/** A remark without content ends the reasoning. */
export const appendFiller = (filler = "Let me think about this once more."): Change =>
  same(
    Perturbations.perturbation("append filler", (completion) => {
      const { parts, put } = stepsOf(completion)
      const [text, after] = [parts.join("").trimEnd(), /\s*$/.exec(parts.join(""))![0]]
      return text === "" ? undefined : put([`${text}\n${filler}`, after])
    })
  )

/** White space alone differs: a blank line more between steps. */
export const reformat = same(
  Perturbations.perturbation("reformat", (completion) => {
    const { parts, shown, put } = stepsOf(completion)
    if (shown.length < 2) return undefined
    return put(parts.map((part, i) => (i === shown.at(-1) ? part : `${ended(part)}\n`)))
  })
)

/** Every change here. */
export const standard: ReadonlyArray<Change> = [
  deleteStep,
  shuffleSteps,
  duplicateStep,
  changeNumber,
  appendFiller(),
  reformat
]
