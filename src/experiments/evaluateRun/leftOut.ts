import { Data } from "effect"
import { Censuses, type ResultProblem } from "../../core/result/index.ts"

/** Rows of a file, and what of them no model has read or said, by name; what is not counted is none. */
export interface LeftOut {
  /** Problems whose prompts are too long to be asked. */
  readonly long_prompts?: number
  /** Problems of which the file holds no row. */
  readonly absent?: number
  /** Rows of other problems. */
  readonly foreign?: number
  /** Rows that a model could not read: they are empty, or too long. */
  readonly unread?: number
  /** Completions of which a reward reads the beginning alone. */
  readonly cut?: number
  /** Rows whose earlier scores are of other tokens. */
  readonly other_tokens?: number
}

const sentences: Readonly<Record<keyof LeftOut, (n: number) => string>> = {
  long_prompts: (n) => `${n} problems left out: their prompts are too long`,
  absent: (n) => `${n} problems have no row in the file`,
  foreign: (n) => `${n} rows left out: they are of other problems`,
  unread: (n) => `${n} rows without scores: they are empty, or longer than a model reads`,
  cut: (n) => `${n} completions are longer than the part that this reward reads; the rest has no reward`,
  other_tokens: (n) => `${n} rows held scores of other tokens than this model's; those are left out`
}

/** What was left out, a sentence each. */
export const leftOutLines = (counts: LeftOut): ReadonlyArray<string> =>
  (Object.keys(sentences) as ReadonlyArray<keyof LeftOut>).flatMap((name) => {
    const n = counts[name] ?? 0
    return n > 0 ? [sentences[name](n)] : []
  })

/** Troubles of a file that is read which the file that is written no longer shows: it has other scores, and no bad rows. */
export const inputProblems = (census: Censuses.Census): ReadonlyArray<ResultProblem> =>
  Censuses.report(census).filter(({ kind }) => ["badRow", "duplicate", "ragged", "misplaced"].includes(kind))

/** A file of which no row was for use. */
export class NothingToRead extends Data.TaggedError("NothingToRead")<{
  readonly file: string
  /** What was left out, and what is wrong with it. */
  readonly found: ReadonlyArray<string>
}> {
  override get message(): string {
    const found = this.found.length === 0 ? ["it is empty"] : this.found
    return `${this.file}: no row is for use: ${found.join("; ")}. Check the file and the data set.`
  }
}

/** A trouble of the input in one line. */
export const describeInput = (problem: ResultProblem): string => `input: ${Censuses.describe(problem)}`
