import { type Cell, type Table, TableFiles } from "../../core/figure/index.ts"
import type { MethodName } from "./Job.ts"
import { methodLabels } from "./mainDrawings.ts"
import { absent, collapsed, gridOf, intervals, percent, text } from "./runGrid.ts"
import type { RunSummary } from "./summariseRun.ts"

type Column = "passAt1" | "passAt1Adjusted"

interface Line {
  readonly method: MethodName
  readonly name: string
  readonly runs: ReadonlyArray<RunSummary>
}

/** Whether two experiments are compared with one run: the same on a data set that both have, and another on none. */
const isShared = (method: MethodName, a: ReadonlyArray<RunSummary>, b: ReadonlyArray<RunSummary>): boolean => {
  const both = a.flatMap((run) => b.flatMap((other) => (other.domain === run.domain ? [[run, other] as const] : [])))
  return both.length > 0 && both.every(([run, other]) => run.runs[method] === other.runs[method])
}

/** One line a method and run: what several experiments are compared with stands there once. */
const linesOf = (runs: ReadonlyArray<RunSummary>, column: Column): ReadonlyArray<Line> =>
  (["sft", "grpo", "airl"] as const).flatMap((method) => {
    const known = runs.filter((run) => run[column][method] !== undefined)
    const lines: Array<Array<RunSummary>> = []
    for (const own of Map.groupBy(known, ({ label }) => label).values()) {
      const line = method === "airl" ? undefined : lines.find((other) => isShared(method, other, own))
      if (line === undefined) lines.push([...own])
      else line.push(...own.filter(({ domain }) => !line.some((run) => run.domain === domain)))
    }
    return lines.map((own) => {
      const names = [...new Set(own.map(({ label, runs: each }) => each[method] ?? label))]
      return { method, name: method === "airl" ? own[0]!.label : names.join(" / "), runs: own }
    })
  })

const passAt1Table = (
  runs: ReadonlyArray<RunSummary>,
  column: Column,
  of: Pick<Table, "id" | "title" | "caption">
): ReadonlyArray<Table> => {
  const { domains } = gridOf(runs)
  const lines = linesOf(runs, column)
  const outcome = `: ${methodLabels.grpo}`
  const row = ({ method, name, runs: own }: Line): ReadonlyArray<Cell> => [
    `${name}: ${methodLabels[method]}`,
    ...domains.map((domain) => own.find((run) => run.domain === domain)?.[column][method] ?? absent)
  ]
  return lines.length === 0
    ? []
    : [
        TableFiles.ranked(
          { ...of, columns: [text("run"), ...domains.map((domain) => percent(domain, domain))], rows: lines.map(row) },
          {
            columns: domains,
            within: "column",
            floor: collapsed,
            apart: {
              isApart: ([name]) => typeof name === "string" && name.endsWith(outcome),
              why: "learned from outcomes"
            }
          }
        )
      ]
}

/** pass@1 of every run on every data set, by the stored check, and by the lenient one where rows have it. */
export const passAt1Tables = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<Table> => [
  ...passAt1Table(runs, "passAt1", {
    id: "results_pass_at_1",
    title: "pass@1",
    caption: `Share of completions that are correct, by method and data set; ${intervals}.`
  }),
  ...passAt1Table(runs, "passAt1Adjusted", {
    id: "results_pass_at_1_format_adjusted",
    title: "pass@1, answers read leniently",
    caption: `Share of completions that are correct on a lenient reading of the answer ("$18" for "18"), by method and data set; completions without this check left out; ${intervals}.`
  })
]
