import type { Series } from "./Figure.ts"

type Look = Pick<Series, "colour" | "dash" | "marker">

/**
 * How methods and rerankers look in papers, so that a colour means the same in every figure: blue what a learned reward
 * does, red the base line and wrong completions, green outcome supervision and voting. Dash and marker say it again.
 */
const known: Readonly<Record<string, Look>> = {
  airl: { colour: "blue", dash: "7 3", marker: "cross" },
  reward: { colour: "blue", dash: "7 3", marker: "cross" },
  correct: { colour: "blue", dash: "", marker: "none" },
  clean: { colour: "blue", dash: "", marker: "none" },
  sft: { colour: "rust", dash: "2 3", marker: "square" },
  random: { colour: "rust", dash: "2 3", marker: "square" },
  wrong: { colour: "rust", dash: "4 3", marker: "none" },
  perturbed: { colour: "rust", dash: "5 4", marker: "none" },
  grpo: { colour: "green", dash: "9 3 2 3", marker: "triangle" },
  majority: { colour: "green", dash: "9 3 2 3", marker: "triangle" },
  logProb: { colour: "orange", dash: "4 2", marker: "circle" },
  weightedMajority: { colour: "purple", dash: "10 4", marker: "diamond" },
  length: { colour: "grey", dash: "3 2", marker: "star" },
  oracle: { colour: "ink", dash: "1 4", marker: "none" },
  ideal: { colour: "grey", dash: "1 3", marker: "none" }
}

const spare: ReadonlyArray<Look> = [
  { colour: "blue", dash: "7 3", marker: "cross" },
  { colour: "rust", dash: "2 3", marker: "square" },
  { colour: "green", dash: "9 3 2 3", marker: "triangle" },
  { colour: "orange", dash: "4 2", marker: "circle" },
  { colour: "purple", dash: "10 4", marker: "diamond" },
  { colour: "grey", dash: "3 2", marker: "star" }
]

/** Series with the looks that papers give them; one that is not known takes the next that is free. */
export const paperSeries = (keys: ReadonlyArray<readonly [key: string, label: string]>): ReadonlyArray<Series> => {
  const taken = new Set(keys.flatMap(([key]) => (known[key] === undefined ? [] : [known[key].colour])))
  const free = spare.filter(({ colour }) => !taken.has(colour))
  let next = 0
  return keys.map(([key, label]) => ({
    key,
    label,
    ...(known[key] ?? free[next++ % Math.max(1, free.length)] ?? spare[0]!)
  }))
}
