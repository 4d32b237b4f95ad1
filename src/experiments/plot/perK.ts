import type { Measurement } from "../../core/evaluation/index.ts"
import type { Cell, Table } from "../../core/figure/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import { percent } from "./runGrid.ts"

/** A metric of completions at k. */
export type PerK = (pools: ReadonlyArray<PromptPool>, k: number) => Measurement

/** A metric at k, or no cell at all where k is larger than the pool: it is no 0 there. */
export const within = (k: number, most: number, value: () => Measurement): Cell => (k > most ? null : value())

/** Key of the column of a k, and the columns of several. */
export const keyAt = (k: number): string => `at${k}`
export const atKs = (ks: ReadonlyArray<number>): Table["columns"] => ks.map((k) => percent(keyAt(k), `@${k}`))
