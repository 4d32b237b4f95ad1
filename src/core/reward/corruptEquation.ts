import { Rng } from "../tensor/index.ts"
import { ThinkAnswer } from "../text/index.ts"
import { corruptAnswerNearbyNumber, corruptAnswerWithThinkNumber } from "./corruptText.ts"
import { type Perturbation, perturbation } from "./Perturbation.ts"

/** One line of a trace that states an integer equation `a op b = r`, with the text around its parts. */
interface Equation {
  readonly parts: readonly [
    lead: string,
    a: number,
    gap: string,
    op: string,
    gap2: string,
    b: number,
    eq: string,
    r: number,
    tail: string
  ]
}

type Operator = "+" | "-" | "*"

const EQUATION = /^(.*?)(\d+)(\s*)([-+*])(\s*)(\d+)(\s*=\s*)(\d+)([^\d]*)$/

const apply = (a: number, op: string, b: number): number => (op === "+" ? a + b : op === "-" ? a - b : a * b)

const parse = (line: string): Equation | undefined => {
  const m = EQUATION.exec(line)
  if (m === null) return undefined
  const [, lead = "", a, gap = "", op = "", gap2 = "", b, eq = "", r, tail = ""] = m
  return { parts: [lead, Number(a), gap, op, gap2, Number(b), eq, Number(r), tail] }
}

const write = ({ parts }: Equation): string => parts.join("")

const changeParts = ({ parts }: Equation, change: { a?: number; op?: Operator; b?: number; r?: number }): Equation => {
  const [lead, a, gap, op, gap2, b, eq, r, tail] = parts
  return { parts: [lead, change.a ?? a, gap, change.op ?? op, gap2, change.b ?? b, eq, change.r ?? r, tail] }
}

const A = 1
const OP = 3
const B = 5
const R = 7

/** The equation with its right side worked out from its left. */
const solved = (e: Equation): Equation => changeParts(e, { r: apply(e.parts[A], e.parts[OP], e.parts[B]) })

/** A plausible slip: off by one or two, a carry lost or gained, ten or twenty. */
const near = (x: number, rng: Rng.Rng): number => {
  const by = Rng.pick(rng, [1, 1, 2, 9, 10, 11, 20])
  return Rng.uniform(rng) < 0.5 && x - by >= 0 ? x - by : x + by
}

/** An error in a chain of equations. */
export type EquationError =
  /** The right side is miscalculated. */
  | "wrong-result"
  /** The second operand is misread (near it, or another of the trace); the right side follows from it. */
  | "wrong-operand"
  /** The carried-over operand is miscopied; the right side follows from it. */
  | "wrong-carry"
  /** + becomes -, - becomes +, * becomes +; the right side follows from it. */
  | "wrong-operator"
  /** A step is left out. */
  | "dropped-step"
  /** Two steps that follow each other change places. */
  | "swapped-steps"
  /** A step stands a second time, in place of the next one. */
  | "repeated-step"

export const equationErrors: ReadonlyArray<EquationError> = [
  "wrong-result",
  "wrong-operand",
  "wrong-carry",
  "wrong-operator",
  "dropped-step",
  "swapped-steps",
  "repeated-step"
]

/** Makes the error at step k; returns the steps and the index of the first that later ones may follow from. */
const err = (
  steps: ReadonlyArray<Equation>,
  k: number,
  kind: EquationError,
  rng: Rng.Rng
): readonly [Array<Equation>, number] => {
  const out = [...steps]
  const step = out[k]!
  switch (kind) {
    case "wrong-result":
      out[k] = changeParts(step, { r: near(step.parts[R], rng) })
      return [out, k]
    case "wrong-operand": {
      const b = Rng.uniform(rng) < 0.5 ? near(step.parts[B], rng) : Rng.pick(rng, steps).parts[B]
      out[k] = solved(changeParts(step, { b }))
      return [out, k]
    }
    case "wrong-carry": {
      const a = Rng.uniform(rng) < 0.5 ? near(step.parts[A], rng) : Rng.pick(rng, steps).parts[A]
      out[k] = solved(changeParts(step, { a }))
      return [out, k]
    }
    case "wrong-operator":
      out[k] = solved(changeParts(step, { op: step.parts[OP] === "+" ? "-" : "+" }))
      return [out, k]
    case "dropped-step":
      out.splice(k, 1)
      return [out, k - 1]
    case "swapped-steps": {
      const other = out[k + 1]
      if (other === undefined) return [out, k]
      out[k] = other
      out[k + 1] = step
      return [out, k - 1]
    }
    case "repeated-step":
      if (k + 1 < out.length) out[k + 1] = step
      return [out, k + 1]
  }
}

/**
 * An error in the chain of equations of a think block, e.g. `so 36 - 14 = 22`, one a line.
 *
 * With `propagate` the steps after the error carry its result on and are worked out rightly, and so is the final
 * answer: the trace is wrong in one place and consistent. Without, they stay as the expert wrote them. A change that
 * would need a negative number is not made.
 *
 * @param kind the error   @param propagate the probability that later steps follow the error, default 0.7
 */
export const corruptEquation = (kind: EquationError, propagate: number = 0.7): Perturbation =>
  perturbation(kind, (completion, rng) => {
    const block = ThinkAnswer.think(completion)
    if (block._tag === "Missing") return undefined
    const lines = block.text.split("\n")
    const parsed = lines.map(parse)
    const original = parsed.filter((e) => e !== undefined)
    const last = original.at(-1)
    if (last === undefined) return undefined
    const k = Rng.int(rng, original.length)
    const [steps, from] = err(original, k, kind, rng)
    const carryOn = Rng.uniform(rng) < propagate
    if (carryOn)
      for (let j = Math.max(from + 1, 0); j < steps.length; j++) {
        const carried = j === 0 ? original[0]!.parts[A] : steps[j - 1]!.parts[R]
        steps[j] = solved(changeParts(steps[j]!, { a: carried }))
      }
    if (steps.some(({ parts }) => parts[A] < 0 || parts[B] < 0 || parts[R] < 0)) return undefined
    const trace = rewritten(lines, parsed, steps)
    const text = completion.slice(0, block.span.start) + trace + completion.slice(block.span.end)
    const result = carryOn ? (steps.at(-1)?.parts[R] ?? original[0]!.parts[A]) : last.parts[R]
    return withFinalAnswer(text, last.parts[R], result)
  })

/** Puts the steps in the place of the equations; a step fewer leaves out the last equation's line. */
const rewritten = (
  lines: ReadonlyArray<string>,
  parsed: ReadonlyArray<Equation | undefined>,
  steps: ReadonlyArray<Equation>
): string => {
  let next = 0
  const out: Array<string> = []
  for (const [i, line] of lines.entries()) {
    if (parsed[i] === undefined) out.push(line)
    else if (next < steps.length) out.push(write(steps[next++]!))
  }
  return out.join("\n")
}

const withFinalAnswer = (text: string, was: number, becomes: number): string => {
  const block = ThinkAnswer.answer(text)
  if (block._tag === "Missing" || block.text !== String(was)) return text
  return text.slice(0, block.span.start) + String(becomes) + text.slice(block.span.end)
}

/** Every kind of equation error, and two of the final answer alone: the default negatives of arithmetic traces. */
export const equationPerturbations = (propagate = 0.7): ReadonlyArray<Perturbation> => [
  ...equationErrors.map((kind) => corruptEquation(kind, propagate)),
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber
]
