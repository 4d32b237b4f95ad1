import type { Measurement } from "../../evaluation/index.ts"
import {
  criticHealth,
  escapeMarkup,
  formatBytes,
  formatDuration,
  heatStripHtml,
  learningCurve,
  localisationChart,
  rerankCurve,
  rerankerLabel,
  rewardDistribution
} from "../index.ts"
import { headlineN, leader, learned, weaknesses } from "./findings.ts"
import { figure, measured, rawTable, table } from "./html.ts"
import type { Section } from "./htmlPage.ts"
import type { Method, ReportData } from "./ReportData.ts"
import { accuracyOf } from "./Summary.ts"

const empty = (text: string): string => `<p class="empty">${escapeMarkup(text)}</p>`
const grid = (cards: ReadonlyArray<string>): string => `<div class="grid">${cards.join("")}</div>`

/** Right against wrong completions; columns that no method has are left out. */
const separation = (methods: ReadonlyArray<Method>): string => {
  const rows = methods.flatMap(({ label, separation }) => (separation === undefined ? [] : [{ label, ...separation }]))
  if (rows.length === 0) return ""
  const columns = [
    { label: "AUROC within prompt", of: (row: (typeof rows)[number]) => row.aurocWithinPrompt },
    { label: "AUROC pooled", of: (row: (typeof rows)[number]) => row.aurocPooled },
    { label: "Brier score", of: (row: (typeof rows)[number]) => row.brier },
    { label: "calibration error", of: (row: (typeof rows)[number]) => row.expectedCalibrationError }
  ].filter(({ of }) => rows.some((row) => of(row) !== undefined))
  const cell = (m: Measurement | undefined) => (m === undefined ? "–" : measured(m, "number"))
  return rawTable(
    "Right against wrong completions. AUROC within prompt is what reranking can use; .5 is chance.",
    ["method", ...columns.map(({ label }) => label)],
    rows.map((row) => [escapeMarkup(row.label), ...columns.map(({ of }) => cell(of(row)))])
  )
}

/** How well the rewards rank completions. */
export const rankingSection = (data: ReportData): Section => {
  const methods = data.methods.filter(({ rerank }) => rerank.length > 0)
  const names = [...new Set(methods.flatMap((m) => m.rerank.map(({ reranker }) => reranker)))]
  const n = headlineN(data)
  const rows = methods.map((m) => [escapeMarkup(m.label), ...names.map((name) => measured(accuracyOf(m, name, n)))])
  const curves = methods.map((m) =>
    figure(rerankCurve(m.rerank, { id: `rerank-${m.kind}-${m.key}`, title: `Best-of-n, ${m.label}` }))
  )
  const distributions = methods.flatMap((m) =>
    m.rewardBins.length === 0
      ? []
      : [
          figure(
            rewardDistribution(m.rewardBins, {
              id: `rewards-${m.kind}-${m.key}`,
              title: `Rewards by correctness, ${m.label}`,
              selector: m.selector ?? "mean"
            })
          )
        ]
  )
  return {
    id: "ranking",
    heading: "How well it ranks",
    intro: "Picking one of n completions by the learned reward, beside every rule that needs no reward.",
    body:
      methods.length === 0
        ? empty("No completions were reranked.")
        : [
            rawTable(
              `Best of ${n}: share of prompts where the pick is correct.`,
              ["method", ...names.map(rerankerLabel)],
              rows
            ),
            grid(curves),
            separation(methods),
            distributions.length === 0 ? "" : grid(distributions)
          ].join("")
  }
}

/** Where the rewards point: localisation, and traces to look at. */
export const localisationSection = (data: ReportData): Section => {
  const groups = data.methods.flatMap((m) => {
    const first = m.localisation[0]
    return first === undefined
      ? []
      : [{ label: m.label, rows: first.rows, chance: first.chance, detectors: m.localisation }]
  })
  const strips = data.heatStrips.map((strip) => `<div class="card">${heatStripHtml(strip)}</div>`)
  const legend =
    "Tokens are tinted by their reward around the run's mean: orange with a dashed underline below it, blue with a solid one above; hover for the value."
  return {
    id: "pointing",
    heading: "Where it points",
    intro: "Whether the step with the lowest reward is the first wrong one, on the policy's own wrong traces.",
    body: [
      `<div class="stack">${figure(localisationChart(groups), "wide")}</div>`,
      strips.length === 0
        ? empty("No traces were kept to show.")
        : `<h3 class="sub">Traces</h3><p class="about">${escapeMarkup(legend)}</p><div class="traces">${strips.join("")}</div>`
    ].join("")
  }
}

/** Where it fails: what speaks against each method. */
export const failureSection = (data: ReportData): Section => {
  const items = learned(data).map((method) => {
    const against = weaknesses(method, headlineN(data))
    const text =
      against.length === 0
        ? "Nothing measured here speaks against it."
        : `<ul>${against.map((fragment) => `<li>${fragment}.</li>`).join("")}</ul>`
    return `<li><strong>${escapeMarkup(method.label)}</strong><div>${text}</div></li>`
  })
  return {
    id: "failing",
    heading: "Where it fails",
    intro: "Every comparison above that goes against the learned reward, and where it makes no measurable difference.",
    body: [
      items.length === 0 ? empty("No reward was learned.") : `<ul class="findings">${items.join("")}</ul>`,
      '<p class="about">One training seed: intervals cover the choice of prompts, not the luck of training.</p>'
    ].join("")
  }
}

/** How each method trained: learning curves and the critic's health, one fold a method. */
export const trainingSection = (data: ReportData): Section => {
  const chosen = leader(data)
  const folds = data.methods.flatMap((method) => {
    const curves = method.curves.map((curve) =>
      figure(learningCurve({ ...curve, id: `${method.kind}-${method.key}-${curve.id}` }))
    )
    const health =
      method.criticHealth.length === 0
        ? []
        : criticHealth(method.criticHealth, { id: `critic-${method.kind}-${method.key}`, title: "Critic" }).map(
            (panel) => figure(panel)
          )
    const cards = [...curves, ...health]
    const isOpen = method === chosen || method.kind === "sft"
    return cards.length === 0
      ? []
      : [
          `<details class="panel"${isOpen ? " open" : ""}><summary>${escapeMarkup(method.label)}</summary>${grid(cards)}</details>`
        ]
  })
  return {
    id: "training",
    heading: "How it trained",
    intro: "Curves marked “for display only” show the truth to the reader; neither training nor selection saw them.",
    body: folds.length === 0 ? empty("No training was recorded.") : `<div class="stack">${folds.join("")}</div>`
  }
}

/** How it was run: settings, further tables, definitions, notes. */
export const runSection = (data: ReportData): Section => {
  const config = data.config.map(({ key, value }) => [escapeMarkup(key), escapeMarkup(value)])
  const terms: ReadonlyArray<readonly [string, string]> = [
    [
      "Intervals",
      "95%, percentile bootstrap over prompts; completions of one prompt are drawn together. Differences are paired."
    ],
    [
      "pass@k",
      "Chance that k completions hold a correct one, unbiased; prompts with fewer than k completions are left out."
    ],
    [
      "Best-of-n",
      "Correctness of the pick among n completions, averaged exactly over all subsets of n, ties by expectation."
    ],
    ["Expected random", "Correct completions over all completions of the same prompts: the pick that knows nothing."],
    [
      "Hit@1",
      "Share of wrong traces whose most suspect step is the true first wrong one; chance is the mean of 1 over the number of steps."
    ]
  ]
  return {
    id: "run",
    heading: "How it was run",
    intro: `Task ${data.task}, seed ${data.seed}, ${formatDuration(data.wallSeconds)}, peak memory ${formatBytes(data.peakMemoryBytes)}.`,
    body: [
      ...data.tables.map(table),
      `<div class="wrap">${rawTable("Settings", ["setting", "value"], config, () => true)}</div>`,
      data.notes.length === 0
        ? ""
        : `<ul class="notes">${data.notes.map((note) => `<li>${escapeMarkup(note)}</li>`).join("")}</ul>`,
      `<dl class="terms">${terms.map(([term, text]) => `<dt>${term}</dt><dd>${text}</dd>`).join("")}</dl>`
    ].join("")
  }
}
