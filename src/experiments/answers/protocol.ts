import type { Outcome } from "../../core/data/index.ts"

/** Two formulas in LaTeX to compare. */
export interface Question {
  readonly gold: string
  readonly prediction: string
}

/** What the worker says: that it is ready, why it cannot be, or an outcome. */
export type Reply =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Missing"; readonly reason: string }
  | { readonly _tag: "Decided"; readonly outcome: Outcome }
