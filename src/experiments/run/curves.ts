import type { Method } from "../../core/figure/report/index.ts"
import type { StepRow } from "./stepRows.ts"

type Curve = Method["curves"][number]

const points = (rows: ReadonlyArray<StepRow>, series: string, name: string): Curve["points"] =>
  rows.flatMap(({ step, metrics }) => {
    const value = metrics[name]
    return value === undefined ? [] : [{ series, step, value }]
  })

/** Curves without any point are left out. */
const present = (curves: ReadonlyArray<Curve>): Array<Curve> => curves.filter((curve) => curve.points.length > 0)

/** Training and validation loss of supervised fine-tuning. */
export const sftCurves = (rows: ReadonlyArray<StepRow>): Array<Curve> =>
  present([
    {
      id: "loss",
      title: "Loss",
      xLabel: "update",
      yLabel: "negative log-likelihood (nats a token)",
      format: "number",
      points: [...points(rows, "training", "loss"), ...points(rows, "validation", "eval/loss")]
    }
  ])

/** What an offline reward went through. */
export const offlineCurves = (rows: ReadonlyArray<StepRow>): Array<Curve> =>
  present([
    {
      id: "critic-loss",
      title: "Critic loss",
      xLabel: "update",
      yLabel: "cross-entropy (nats)",
      format: "number",
      points: points(rows, "training", "reward/loss")
    },
    {
      id: "auroc",
      title: "Experts against held-out negatives",
      xLabel: "update",
      yLabel: "AUROC of traces",
      format: "percent",
      points: [
        ...points(rows, "other policies", "held_out/auroc_policy"),
        ...points(rows, "perturbed experts", "held_out/auroc_perturbed")
      ]
    }
  ])

/** What a policy stage went through. Steps before the policy's first are negative: the critic's warm-up. */
export const policyCurves = (all: ReadonlyArray<StepRow>): Array<Curve> => {
  const warmup = all.filter(({ metrics }) => metrics["reward_warmup/loss"] !== undefined).length
  const rows = all.map(({ step, metrics }) => ({ step: step - warmup, metrics }))
  const display = "held-out pass@1"
  return present([
    {
      id: "reward",
      title: "Reward",
      xLabel: "policy step",
      yLabel: "reward",
      format: "number",
      points: [
        ...points(rows, "mean of the batch", "reward"),
        ...points(rows, "held-out gain over the reference", "held_out/reward_gain")
      ]
    },
    {
      id: "kl",
      title: "Distance from the reference",
      xLabel: "policy step",
      yLabel: "KL (nats a token)",
      format: "number",
      points: points(rows, "KL", "kl")
    },
    {
      id: "critic-loss",
      title: "Critic loss",
      xLabel: "policy step",
      yLabel: "cross-entropy (nats)",
      format: "number",
      points: [...points(rows, "warm-up", "reward_warmup/loss"), ...points(rows, "training", "reward/loss")]
    },
    {
      id: "correct",
      title: "Correct answers",
      xLabel: "policy step",
      yLabel: "share of held-out prompts",
      format: "percent",
      points: points(rows, display, "display/pass_at_1"),
      displayOnly: [display]
    }
  ])
}

const given = <K extends string>(key: K, value: number | undefined): { readonly [P in K]?: number } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: number })

/** The critic on held-out prompts, step by step. */
export const criticHealth = (all: ReadonlyArray<StepRow>): Array<Method["criticHealth"][number]> => {
  const warmup = all.filter(({ metrics }) => metrics["reward_warmup/loss"] !== undefined).length
  return all.flatMap(({ step, metrics }) => {
    const auroc = metrics["held_out/auroc"]
    if (auroc === undefined) return []
    return [
      {
        step: Math.max(0, step - warmup),
        expertAccuracy: metrics["held_out/acc_pos"] ?? 0,
        policyAccuracy: metrics["held_out/acc_neg"] ?? 0,
        auroc,
        margin: metrics["held_out/margin"] ?? 0,
        ...given("lengthAuroc", metrics["held_out/length_auroc"]),
        ...given("surfaceAuroc", metrics["held_out/surface_auroc"]),
        ...given("anchorDrift", metrics["held_out/anchor_drift"]),
        ...given("replayedShare", metrics["reward/replayed_share"]),
        ...given("switchedShare", metrics["reward/switched_share"])
      }
    ]
  })
}
