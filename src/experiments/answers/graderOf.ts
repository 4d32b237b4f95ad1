import { Effect, type Scope } from "effect"
import { type AnswerCheck, formulaCheck } from "../../core/text/index.ts"
import { compareFormulas, type FormulaEngineMissing } from "./Formulas.ts"

/** The check of that name (`dataset.grader`); undefined for the task's own. */
export const graderOf = (
  name: "task" | "formula" = "task"
): Effect.Effect<AnswerCheck | undefined, FormulaEngineMissing, Scope.Scope> =>
  name === "task" ? Effect.succeed(undefined) : Effect.map(compareFormulas(), formulaCheck)
