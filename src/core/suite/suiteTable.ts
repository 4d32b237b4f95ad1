import type { Measurement } from "../evaluation/index.ts"
import type { SuiteResult } from "./runSuite.ts"

const percent = (x: number): string => `${(100 * x).toFixed(1)}%`

const shown = (value: Measurement, text: (x: number) => string): string =>
  value._tag === "NotAvailable"
    ? `n/a: ${value.reason}`
    : `${text(value.value)} [${text(value.ci95[0])}, ${text(value.ci95[1])}]`

/** Heading and rows of a suite's result: what was changed, what should have happened, and how often it did not. */
export const suiteTable = ({ changes }: SuiteResult): ReadonlyArray<ReadonlyArray<string>> => [
  ["change", "score should", "did not", "of", "did", "mean change", "not changed", "no score"],
  ...changes.map(({ change, expected, failed, n, kept, meanChange, unchanged, unscored }) => [
    change,
    expected === "fall" ? "fall" : "stay",
    String(failed),
    String(n),
    shown(kept, percent),
    shown(meanChange, (x) => x.toFixed(3)),
    String(unchanged),
    String(unscored)
  ])
]
