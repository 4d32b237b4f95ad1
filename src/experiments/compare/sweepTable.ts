import { type Measurement, Measurements, meanOverSeeds } from "../../core/evaluation/index.ts"
import type { Tables } from "../../core/figure/index.ts"

/** What a sweep's table is made of: one finished run. */
export interface SweptRun {
  /** The overrides that tell the run from the others, `training.beta=0.1,seed=2`. */
  readonly name: string
  readonly seed: number
  readonly passAt1: { readonly before?: Measurement; readonly after?: Measurement }
}

/** The setting of a run, its seed aside. */
const settingOf = ({ name }: SweptRun): string => name.replace(/(^|,)seed=\d+(?=,|$)/, "").replace(/^,/, "")

const notMeasured = Measurements.notAvailable("no test problem was asked")

/** One run's own measurement, or the mean of several that differ in their seed. */
const cell = (runs: ReadonlyArray<SweptRun>, when: "before" | "after"): Measurement => {
  const measured = runs.map(({ passAt1 }) => passAt1[when] ?? notMeasured)
  if (measured.length === 1) return measured[0]!
  const values = measured.flatMap((one) => Measurements.value(one) ?? [])
  return values.length === runs.length ? meanOverSeeds(values) : notMeasured
}

const gain = (runs: ReadonlyArray<SweptRun>): Measurement => {
  const gains = runs.flatMap(({ passAt1: { before, after } }) => {
    const [from, to] = [before, after].map((one) => (one === undefined ? undefined : Measurements.value(one)))
    return from === undefined || to === undefined ? [] : [to - from]
  })
  if (gains.length !== runs.length) return Measurements.notAvailable("nothing was measured before")
  return runs.length === 1 ? Measurements.notAvailable("one seed has no interval") : meanOverSeeds(gains)
}

/** The runs of a sweep, a row a setting: over its seeds where it has several, with 95% intervals. */
export const sweepTable = (runs: ReadonlyArray<SweptRun>): Tables.Table => {
  const settings = [...Map.groupBy(runs, settingOf)]
  const seeds = [...new Set(runs.map(({ seed }) => seed))]
  const several = settings.some(([, group]) => group.length > 1)
  return {
    id: "sweep",
    title: `${runs.length} runs`,
    caption: several
      ? `Right answers to test problems: means over seeds ${seeds.join(", ")}; in brackets 95% intervals of Student's t.`
      : `Right answers to test problems, seed ${seeds.join(", ")}; in brackets 95% intervals over problems.`,
    columns: [
      { key: "setting", label: "Setting", format: "number" },
      { key: "seeds", label: "seeds", format: "number" },
      { key: "before", label: "before", format: "percent" },
      { key: "after", label: "after", format: "percent" },
      ...(several ? [{ key: "gain", label: "gain", format: "percent" } as const] : [])
    ],
    rows: settings.map(([setting, group]) => [
      setting === "" ? "as configured" : setting,
      String(group.length),
      cell(group, "before"),
      cell(group, "after"),
      ...(several ? [gain(group)] : [])
    ])
  }
}
