import { type Cell, table } from "../run/index.ts"
import type { LeftOut } from "./choiceProblem.ts"
import { type Decontamination, decontamination } from "./decontaminate.ts"
import type { LengthCensus } from "./lengthCensus.ts"
import type { Overlap, OverlapOptions } from "./overlap.ts"
import type { SplitName, Task } from "./Task.ts"
import { type SplitLengths, type TokenLimits, taskLengths } from "./taskLengths.ts"

/** What to know of a task's data before training on them: how much, how long, what is missing, what has leaked. */
export interface TaskReport {
  readonly name: string
  readonly origin: string
  /** Rows that the reader left out, by reason. */
  readonly leftOut: LeftOut
  readonly lengths: Readonly<Record<SplitName, SplitLengths>>
  /** What training data share with the prompts held out of them. */
  readonly shared: Readonly<Record<"validation" | "test", Decontamination>>
}

/** What is counted. */
export interface TaskReportOptions {
  /** Counts the texts that these would cut. */
  readonly limits?: TokenLimits
  /** What is an overlap. Default: a run of 13 words. */
  readonly overlap?: OverlapOptions
}

/** The report of a task as it was read. */
export const taskReport = (
  { task, leftOut, origin }: { readonly task: Task; readonly leftOut: LeftOut; readonly origin: string },
  { limits, overlap }: TaskReportOptions = {}
): TaskReport => ({
  name: task.name,
  origin,
  leftOut,
  lengths: taskLengths(task, limits),
  shared: {
    validation: decontamination(task.splits, "validation", overlap),
    test: decontamination(task.splits, "test", overlap)
  }
})

const splitNames = ["train", "validation", "test"] as const

const lengthRow = (split: SplitName, kind: string, census: LengthCensus): ReadonlyArray<Cell> => [
  split,
  kind,
  census.n,
  ...(census.n === 0 ? [null, null, null] : [census.median, census.p99, census.max]),
  ...census.over.map(({ texts }) => texts)
]

/** A share of at least this is a quotation rather than a phrase. */
const HALF = 0.5

const sharedRow = (split: string, kind: string, { overlapping, exact, shared }: Overlap): ReadonlyArray<Cell> => [
  split,
  kind,
  overlapping,
  new Set(shared.filter((s) => s.share >= HALF).map((s) => s.train)).size,
  exact,
  shared[0] === undefined ? null : Number(shared[0].share.toFixed(2))
]

/**
 * The report as text: tokens of prompts and of experts' completions by split (with limits, how many each would cut);
 * rows left out; training texts that share a run of n words with a held-out prompt, that share half of one, that equal
 * one, and the largest share.
 */
export const printTaskReport = ({ name, origin, leftOut, lengths, shared }: TaskReport): string => {
  const limited = lengths.train.prompts.over.length > 0
  const reasons = Object.entries(leftOut).map(([reason, n]) => `${n} ${reason}`)
  const lengthTable = table(
    ["split", "text", "texts", "median", "p99", "max", ...(limited ? ["too long"] : [])],
    splitNames.flatMap((split) => [
      lengthRow(split, "prompt", lengths[split].prompts),
      lengthRow(split, "completion", lengths[split].completions)
    ])
  )
  const overlaps = (["validation", "test"] as const).flatMap((split) => [
    sharedRow(split, "prompts", shared[split].prompts),
    sharedRow(split, "traces", shared[split].traces)
  ])
  const { n } = shared.test.prompts
  return [
    `${name}, from ${origin}`,
    lengthTable,
    `left out: ${reasons.length === 0 ? "nothing" : reasons.join(", ")}`,
    table(["held out", "training", `share ${n} words`, "half", "equal", "largest"], overlaps)
  ].join("\n\n")
}
