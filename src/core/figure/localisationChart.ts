import type { Measurement } from "../evaluation/index.ts"
import { type Bar, counted, type Figure, intervalNote, type Series } from "./Figure.ts"

/** Hit@1 of several detectors on the wrong traces of one method. */
export interface LocalisationGroup {
  readonly label: string
  readonly rows: number
  readonly chance: Measurement
  readonly detectors: ReadonlyArray<{ readonly detector: string; readonly hitAt1: Measurement }>
}

const looks: ReadonlyArray<Series> = [
  { key: "reward", label: "reward", colour: "blue", dash: "", marker: "none" },
  { key: "logProb", label: "log-prob", colour: "orange", dash: "", marker: "none" }
]

/** Readable name of a detector. */
export const detectorLabel = (key: string): string => looks.find((series) => series.key === key)?.label ?? key

const bar = (group: string, series: string, m: Measurement): ReadonlyArray<Bar> =>
  m._tag === "Estimate" ? [{ group, series, value: m.value, ci95: m.ci95 }] : []

/** How often each detector's most suspect step is the first wrong one, with exact chance marked for each group. */
export const localisationChart = (groups: ReadonlyArray<LocalisationGroup>): Figure => {
  const keys = [...new Set(groups.flatMap((group) => group.detectors.map((d) => d.detector)))]
  const spare = (["green", "purple", "rust"] as const).values()
  const series = keys.map(
    (key): Series =>
      looks.find((s) => s.key === key) ?? {
        key,
        label: key,
        colour: spare.next().value ?? "grey",
        dash: "",
        marker: "none"
      }
  )
  const bars = groups.flatMap((group) =>
    group.detectors.flatMap(({ detector, hitAt1 }) => bar(group.label, detector, hitAt1))
  )
  const marks = groups.flatMap((group) => bar(group.label, "chance", group.chance))
  const counts = groups.map((group) => `${group.label} ${counted(group.rows, "wrong trace")}`).join(", ")
  return {
    id: "localisation",
    title: "First wrong step",
    caption: `Hit@1 on the policy's own wrong traces, ties by expectation; dashed: exact chance (${counts}; ${intervalNote}).`,
    x: { label: "Hit@1", format: "percent" },
    y: { label: "", format: "percent" },
    series: [...series, { key: "chance", label: "chance", colour: "ink", dash: "3 2", marker: "none" }],
    layers: [
      { _tag: "Bars", bars },
      { _tag: "GroupMarks", series: "chance", marks }
    ],
    empty: "No wrong trace with a known first wrong step."
  }
}
