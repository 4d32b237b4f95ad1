import type { Problem } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"

/** How hard the problems are. SFT accuracy falls steeply with the range of the numbers and the number of operations. */
export interface ArithmeticDifficulty {
  /** Operations of a chain. */
  readonly steps: number
  /** First and last number that a chain may start from. */
  readonly start: readonly [low: number, high: number]
  /** First and last operand. */
  readonly operand: readonly [low: number, high: number]
  /** Largest intermediate result; the smallest is 0. */
  readonly largest: number
  readonly operators: ReadonlyArray<"+" | "-">
}

/** A chain that starts from so many of an item: each operation takes the result of the one before. */
export interface Chain {
  readonly start: number
  readonly item: string
  readonly operations: ReadonlyArray<Operation>
}

export interface Operation {
  readonly operator: "+" | "-"
  readonly operand: number
}

export const names = ["Ann", "Ben", "Cara", "Dan", "Eva", "Finn", "Gus", "Hana"]
export const items = ["apples", "books", "coins", "cards", "pens", "eggs", "shells", "stamps"]
const verbs = {
  "+": ["buys", "finds", "gets", "wins"],
  "-": ["gives", "loses", "sells", "eats"]
} as const

/** Every word that a prompt may hold. */
export const promptWords: ReadonlyArray<string> = [
  ...names,
  ...items,
  ...verbs["+"],
  ...verbs["-"],
  "has",
  "how",
  "many"
]

/** What the operations make of a number, one after another: the last of it is the result. */
export const results = (start: number, operations: ReadonlyArray<Operation>): ReadonlyArray<number> => {
  let value = start
  return operations.map(({ operator, operand }) => {
    value += operator === "+" ? operand : -operand
    return value
  })
}

/** The number that a chain comes to. */
export const solve = ({ start, operations }: Chain): number => results(start, operations).at(-1) ?? start

/** Two problems of the same numbers and operations are the same problem, whatever the names in it. */
export const chainKey = ({ start, operations }: Chain): string =>
  [start, ...operations.map((o) => o.operator + o.operand)].join(" ")

/** A random chain whose intermediate results stay within 0..largest. @throws RangeError when 10000 draws give none */
export const drawChain = (rng: Rng.Rng, d: ArithmeticDifficulty): Chain => {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const start = Rng.between(rng, ...d.start)
    const operations = Array.from({ length: d.steps }, (): Operation => {
      const operator = Rng.pick(rng, d.operators)
      return { operator, operand: Rng.between(rng, ...d.operand) }
    })
    if (results(start, operations).every((result) => result >= 0 && result <= d.largest))
      return { start, item: Rng.pick(rng, items), operations }
  }
  throw new RangeError(`No chain of ${d.steps} operations stays within 0..${d.largest}: ease the difficulty.`)
}

/** The chain in words: "Ann has 12 apples. loses 4. finds 9. how many?" */
export const tell = ({ start, item, operations }: Chain, rng: Rng.Rng): string => {
  const opening = `${Rng.pick(rng, names)} has ${start} ${item}.`
  const sentences = operations.map(({ operator, operand }) => `${Rng.pick(rng, verbs[operator])} ${operand}.`)
  return [opening, ...sentences, "how many?"].join(" ")
}

const OPENING = /^[A-Z][a-z]+ has (\d+) ([a-z]+)\./
const SENTENCE = / ([a-z]+) (\d+)\./g

/** Reads the chain back out of a problem's words; undefined when they are no arithmetic problem. */
export const parseChain = ({ prompt }: Problem): Chain | undefined => {
  if (typeof prompt !== "string") return undefined
  const opening = OPENING.exec(prompt)
  if (opening === null || !prompt.endsWith(" how many?")) return undefined
  const [told, start, item = ""] = opening
  const operations: Array<Operation> = []
  for (const [, verb, operand] of prompt.slice(told.length).matchAll(SENTENCE)) {
    if (verbs["+"].some((v) => v === verb)) operations.push({ operator: "+", operand: Number(operand) })
    else if (verbs["-"].some((v) => v === verb)) operations.push({ operator: "-", operand: Number(operand) })
    else return undefined
  }
  return { start: Number(start), item, operations }
}
