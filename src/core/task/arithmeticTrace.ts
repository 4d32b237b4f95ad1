import type { Problem } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"
import { StepRules, stepEnds, ThinkAnswer } from "../text/index.ts"
import { type Chain, type Operation, parseChain, results, solve } from "./arithmeticProblem.ts"
import type { StepVerdict } from "./Task.ts"

/** How the expert writes. */
export interface TraceStyle {
  /** Probability that a trace has all its operations in one line. */
  readonly shortcut: number
  /** Whether lines open with a connector and may name the item. */
  readonly style: boolean
}

/** What a line may open with, and how often: it says nothing about whether the line is right. */
const openings: ReadonlyArray<readonly [word: string, share: number]> = [
  ["", 0.3],
  ["so", 0.2],
  ["then", 0.15],
  ["now", 0.1],
  ["next", 0.07],
  ["thus", 0.05],
  ["ok", 0.04],
  ["well", 0.03],
  ["hence", 0.02],
  ["again", 0.02],
  ["first", 0.02]
]
const shares = openings.map(([, share]) => share)

/** Words that a line may open with. */
export const connectors: ReadonlyArray<string> = openings.map(([word]) => word).filter((word) => word !== "")

/** How often the item stands after the result. */
const ITEM_SHARE = 0.3

/** The expert's completion: an operation a line or all in one, then the answer. */
export const expertCompletion = (chain: Chain, rng: Rng.Rng, { shortcut, style }: TraceStyle): string => {
  const inOne = Rng.uniform(rng) < shortcut
  const lines: Array<string> = []
  let value = chain.start
  for (const operations of inOne ? [chain.operations] : chain.operations.map((o) => [o])) {
    const connector = style ? openings[Rng.weighted(rng, shares)]![0] : ""
    const item = style && Rng.uniform(rng) < ITEM_SHARE ? ` ${chain.item}` : ""
    const sum = [value, ...operations.map(({ operator, operand }) => `${operator} ${operand}`)].join(" ")
    value = results(value, operations).at(-1) ?? value
    lines.push(`${connector} ${sum} = ${value}${item}.`.trimStart())
  }
  return ThinkAnswer.render(lines.join("\n"), String(value))
}

/** The units of the step-wise granularity, whatever the tokens: of the text's parts only ends of lines end a step. */
const stepsOf = (completion: string): StepVerdict["steps"] => {
  const parts = completion.match(/\n|[^\n]+/g) ?? []
  // The end token is part of the last step, even where that shows nothing else.
  const ends = new Set(stepEnds([...parts, "<eos>"], StepRules.lines))
  const steps: Array<{ start: number; end: number }> = []
  let start = 0
  let end = 0
  for (const [t, part] of [...parts, ""].entries()) {
    end += part.length
    if (!ends.has(t)) continue
    steps.push({ start, end })
    start = end
  }
  return steps
}

const NUMBER = "(?:0|[1-9][0-9]*)"
const LINE = new RegExp(
  `^(?:(?:${connectors.join("|")}) )?(${NUMBER})((?: [-+] ${NUMBER})+) = (${NUMBER})(?: ([a-z]+))?\\.\n$`
)

/** The line as numbers, where it is one and names the chain's item if any. */
const readLine = (text: string, item: string) => {
  const m = LINE.exec(text)
  if (m === null || (m[4] !== undefined && m[4] !== item)) return undefined
  const operations = [...(m[2] ?? "").matchAll(/([-+]) ([0-9]+)/g)].map(
    ([, operator, operand]): Operation => ({ operator: operator === "+" ? "+" : "-", operand: Number(operand) })
  )
  return { left: Number(m[1]), operations, result: Number(m[3]) }
}

/**
 * Judges a trace line by line. A line is right iff its left number is the value so far, its operations are the next
 * ones of the problem (one or more) and its result is exact; a known connector and the problem's item are free. The
 * last step, from the closing think tag on, is wrong when an operation is missing or the answer is.
 */
export const checkSteps = (problem: Problem, completion: string): StepVerdict => {
  const steps = stepsOf(completion)
  const chain = parseChain(problem)
  const open = `${ThinkAnswer.tags.openThink}\n`
  if (chain === undefined || !completion.startsWith(open)) return { firstWrongStep: 0, steps }
  let value = chain.start
  let due = chain.operations
  for (const [k, { start, end }] of steps.entries()) {
    const text = completion.slice(k === 0 ? open.length : start, end)
    const line = readLine(text, chain.item)
    if (line === undefined) {
      const closes = k === steps.length - 1 && text.startsWith(ThinkAnswer.tags.closeThink)
      const answer = ThinkAnswer.answer(completion)
      const stated = answer._tag === "Found" && answer.text === String(solve(chain))
      const right = closes && due.length === 0 && stated && ThinkAnswer.isStrict(completion)
      return { firstWrongStep: right ? undefined : k, steps }
    }
    const next = due.slice(0, line.operations.length)
    const asDue =
      next.length === line.operations.length &&
      next.every((o, i) => o.operator === line.operations[i]?.operator && o.operand === line.operations[i]?.operand)
    const result = results(value, next).at(-1)
    if (line.left !== value || !asDue || line.result !== result) return { firstWrongStep: k, steps }
    value = result
    due = due.slice(next.length)
  }
  return { firstWrongStep: steps.length - 1, steps }
}
