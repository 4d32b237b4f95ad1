import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type FileError, type Source, Sources } from "../data/index.ts"
import type { StepRating, StepTrace } from "./StepTrace.ts"

const Row = Schema.Struct({
  id: Schema.NonEmptyString,
  generator: Schema.String,
  problem: Schema.NonEmptyString,
  steps: Schema.NonEmptyArray(Schema.String),
  final_answer_correct: Schema.Boolean,
  label: Schema.Int
}).check(
  Schema.makeFilter(({ label, steps }) =>
    label >= -1 && label < steps.length
      ? undefined
      : { path: ["label"], issue: `is none of the ${steps.length} steps, which count from 0, nor -1` }
  )
)

/**
 * ProcessBench (Zheng et al. 2024): solutions of language models in paragraphs, and the first wrong one as found by
 * people (`label`, from 0; -1 none). Steps after the first wrong one were not judged. The category is the collection
 * that the problem comes from.
 *
 * @see specs/26-tasks.md
 */
export const processBench = (
  source: Source
): Effect.Effect<ReadonlyArray<StepTrace>, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.map(Sources.readAll(source, Row), (rows) =>
    rows.map((row): StepTrace => {
      const rating = (i: number): StepRating => (row.label < 0 || i < row.label ? 1 : i === row.label ? -1 : undefined)
      return {
        problem: { id: row.id, prompt: row.problem, category: row.id.replace(/-[^-]*$/, "") },
        steps: row.steps,
        ratings: row.steps.map((_, i) => rating(i)),
        finalAnswerCorrect: row.final_answer_correct,
        source: row.generator
      }
    })
  )
