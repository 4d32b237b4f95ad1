import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type FileError, type Source, Sources } from "../data/index.ts"
import type { StepTrace } from "./StepTrace.ts"

/** The label of a step that is not to be learned from; it is an integer, and read as a boolean it would be true. */
const IGNORED = -100

const Row = Schema.Struct({
  prompt: Schema.NonEmptyString,
  completions: Schema.NonEmptyArray(Schema.String),
  labels: Schema.Array(Schema.Union([Schema.Boolean, Schema.Literal(IGNORED)]))
}).check(
  Schema.makeFilter(({ completions, labels }) =>
    completions.length === labels.length
      ? undefined
      : { path: ["labels"], issue: `${labels.length} labels belong to ${completions.length} completions` }
  )
)

/** Steps with labels in the common columns `prompt, completions, labels`: true right, false wrong, -100 not judged. */
export const stepwise = (
  source: Source
): Effect.Effect<ReadonlyArray<StepTrace>, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.map(Sources.readAll(source, Row), (rows) =>
    rows.map(
      ({ prompt, completions, labels }, i): StepTrace => ({
        problem: { id: `stepwise-${i}`, prompt },
        steps: completions,
        ratings: labels.map((label) => (label === IGNORED ? undefined : label ? 1 : -1))
      })
    )
  )
