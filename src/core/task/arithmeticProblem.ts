import type { Problem } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"

/** How hard the problems are. SFT accuracy falls steeply with the range of the operands and the number of steps. */
export interface ArithmeticDifficulty {
  /** Steps of a chain. */
  readonly steps: number
  /** First and last number that a chain may start from. */
  readonly start: readonly [low: number, high: number]
  /** First and last operand of + and -. */
  readonly operand: readonly [low: number, high: number]
  /** Largest intermediate result; the smallest is 1. */
  readonly largest: number
  readonly operators: ReadonlyArray<"+" | "-" | "*">
}

/** A chain that starts from a number: each operation takes the result of the one before. */
export interface Chain {
  readonly start: number
  readonly operations: ReadonlyArray<Operation>
}

export interface Operation {
  readonly operator: "+" | "-" | "*"
  readonly operand: number
}

/** One equation of a solved chain. */
export interface ChainStep extends Operation {
  readonly left: number
  readonly result: number
}

export const names = ["Ann", "Ben", "Cara", "Dan", "Eva", "Finn", "Gus", "Hana"]
export const items = ["apples", "books", "coins", "cards", "pens", "eggs", "shells", "stamps"]
const verbs = {
  "+": ["buys", "finds", "gets", "wins"],
  "-": ["gives", "loses", "sells", "eats"]
} as const
const multiples: Readonly<Record<number, string>> = { 2: "doubles", 3: "triples" }

/** Every word that a prompt may hold. */
export const promptWords: ReadonlyArray<string> = [
  ...names,
  ...items,
  ...verbs["+"],
  ...verbs["-"],
  ...Object.values(multiples),
  "has",
  "them",
  "how",
  "many"
]

const apply = (left: number, { operator, operand }: Operation): number =>
  operator === "+" ? left + operand : operator === "-" ? left - operand : left * operand

/** The equations of a chain, worked out. */
export const solve = ({ start, operations }: Chain): ReadonlyArray<ChainStep> => {
  let left = start
  return operations.map((operation) => {
    const step = { ...operation, left, result: apply(left, operation) }
    left = step.result
    return step
  })
}

/** Two problems of the same numbers and operations are the same problem, whatever the names in it. */
export const chainKey = ({ start, operations }: Chain): string =>
  [start, ...operations.map((o) => o.operator + o.operand)].join(" ")

/** A random chain whose intermediate results stay within 1..largest. @throws RangeError when 10000 draws give none */
export const drawChain = (rng: Rng.Rng, d: ArithmeticDifficulty): Chain => {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const start = Rng.between(rng, ...d.start)
    const operations = Array.from({ length: d.steps }, (): Operation => {
      const operator = Rng.pick(rng, d.operators)
      return { operator, operand: operator === "*" ? Rng.pick(rng, [2, 3]) : Rng.between(rng, ...d.operand) }
    })
    const chain = { start, operations }
    if (solve(chain).every(({ result }) => result >= 1 && result <= d.largest)) return chain
  }
  throw new RangeError(`No chain of ${d.steps} steps stays within 1..${d.largest}: ease the difficulty.`)
}

/** The chain in words: "Ann has 36 cards. loses 14. gets 3. how many?" */
export const tell = ({ start, operations }: Chain, rng: Rng.Rng): string => {
  const opening = `${Rng.pick(rng, names)} has ${start} ${Rng.pick(rng, items)}.`
  const sentences = operations.map(({ operator, operand }) =>
    operator === "*" ? `${multiples[operand]} them.` : `${Rng.pick(rng, verbs[operator])} ${operand}.`
  )
  return [opening, ...sentences, "how many?"].join(" ")
}

const OPENING = /^[A-Z][a-z]+ has (\d+) [a-z]+\./
const SENTENCE = / (?:(doubles|triples) them|([a-z]+) (\d+))\./g

/** Reads the chain back out of a problem's words; undefined when they are no arithmetic problem. */
export const parseChain = ({ prompt }: Problem): Chain | undefined => {
  if (typeof prompt !== "string") return undefined
  const opening = OPENING.exec(prompt)
  if (opening === null || !prompt.endsWith(" how many?")) return undefined
  const operations: Array<Operation> = []
  for (const [, multiple, verb = "", operand] of prompt.slice(opening[0].length).matchAll(SENTENCE)) {
    if (multiple !== undefined) operations.push({ operator: "*", operand: multiple === "doubles" ? 2 : 3 })
    else if (verbs["+"].some((v) => v === verb)) operations.push({ operator: "+", operand: Number(operand) })
    else if (verbs["-"].some((v) => v === verb)) operations.push({ operator: "-", operand: Number(operand) })
    else return undefined
  }
  return { start: Number(opening[1]), operations }
}
