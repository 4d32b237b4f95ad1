import type { Tables } from "../../core/figure/index.ts"
import type { Summary } from "../../core/figure/report/index.ts"
import { difference, overSeeds, type Runs, seedsCaption, valueOf } from "./runs.ts"

/** A variant of an ablation: its key in the summaries, and what stands in the table. */
export interface Setting {
  readonly key: string
  readonly label: string
}

const columns = [
  ["setting", "Setting"],
  ["passAt1", "pass@1"],
  ["gain", "− SFT"],
  ["change", "− first row"],
  ["reward", "best of 8 SFT samples by reward"],
  ["rewardChange", "− first row"],
  ["hit", "first wrong step Hit@1"],
  ["hitChange", "− first row"],
  ["chance", "chance"]
] as const

/**
 * What each setting of an ablation does, and how it differs from the first, which is the plan itself.
 *
 * Pass@1 is that of the policy. The reward is judged on the SFT policy's samples, the same for all settings of a seed:
 * the pick among eight, and the first wrong step. Differences are taken seed by seed, so that what a seed does to all
 * settings alike drops out.
 */
export const ablationTable = (runs: Runs, settings: ReadonlyArray<Setting>): Tables.Table => {
  const passAt1 = (key: string) => (run: Summary) => valueOf(run.airl[key]?.passAt1)
  const reward = (key: string) => (run: Summary) => valueOf(run.reward[key]?.bestOf8?.reward)
  const hit = (key: string) => (run: Summary) => valueOf(run.reward[key]?.localisation?.hitAt1)
  const first = settings[0]!.key
  const change = (key: string, of: (key: string) => (run: Summary) => number | undefined) =>
    key === first ? null : overSeeds(runs, (run) => difference(of(key)(run), of(first)(run)))
  return {
    id: "ablation",
    title: `${runs[0]!.task}, ${runs.length} seeds`,
    caption: `${seedsCaption(runs)} Differences are paired by seed.`,
    columns: columns.map(([key, label]) => ({ key, label, format: "percent" })),
    rows: settings.map(({ key, label }) => [
      label,
      overSeeds(runs, passAt1(key)),
      overSeeds(runs, (run) => difference(passAt1(key)(run), valueOf(run.sft?.passAt1))),
      change(key, passAt1),
      overSeeds(runs, reward(key)),
      change(key, reward),
      overSeeds(runs, hit(key)),
      change(key, hit),
      overSeeds(runs, (run) => valueOf(run.reward[key]?.localisation?.chance))
    ])
  }
}
