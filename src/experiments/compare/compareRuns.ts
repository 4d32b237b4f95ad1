import { Console, Effect } from "effect"
import { Tables } from "../../core/figure/index.ts"
import type { CompareOptions } from "../commands/index.ts"
import { readRuns } from "./runs.ts"
import { seedsTable } from "./seedsTable.ts"

/** A table and what its numbers are, for people or for programs. */
export const printTable = (table: Tables.Table, json: boolean) =>
  Console.log(json ? JSON.stringify(table, undefined, 2) : `${Tables.toMarkdown(table)}\n\n${table.caption}`)

/** `rewardflow compare RUN...`: one table over runs that differ in their seed. */
export const compareRuns = Effect.fnUntraced(function* (options: CompareOptions) {
  yield* printTable(seedsTable(yield* readRuns(options.runs)), options.json)
})
