import { type Measurement, Measurements } from "../../evaluation/index.ts"
import { escapeMarkup, formatBytes, formatDuration, formatNumber, passAtKCurve } from "../index.ts"
import { headlineN, leader, learned, ownLocalisation } from "./findings.ts"
import { figure, measured, points, rawTable, valueOnly } from "./html.ts"
import type { Section } from "./htmlPage.ts"
import type { Method, ReportData } from "./ReportData.ts"
import { accuracyOf, gainOf } from "./Summary.ts"

const hitAndChance = (method: Method): string => {
  const own = ownLocalisation(method)
  return own === undefined ? "–" : `${measured(own.hitAt1)} <small class="ci">chance ${valueOnly(own.chance)}</small>`
}

/** What was learned: one row a method, and pass@k. */
export const learnedSection = (data: ReportData): Section => {
  const n = headlineN(data)
  const rows = data.methods.map((method) => {
    return [
      escapeMarkup(method.label),
      measured(method.passAt1),
      method.gainOverSft === undefined ? "–" : points(method.gainOverSft),
      method.rerank.length === 0 ? "–" : points(gainOf(method, "reward", n)),
      hitAndChance(method)
    ]
  })
  const head = [
    "method",
    "pass@1",
    "against SFT (points)",
    `reward's pick of ${n} over random (points)`,
    "first wrong step, Hit@1"
  ]
  const methods = data.methods.map((m) => ({
    key: `${m.kind}-${m.key}`,
    label: m.label,
    isBaseline: m.kind === "sft",
    values: m.passAtK
  }))
  return {
    id: "learned",
    heading: "What was learned",
    intro: "Every method on the same held-out prompts, also where it loses.",
    body: [
      rawTable("All methods, with 95% intervals over prompts; differences are paired.", head, rows),
      methods.some(({ values }) => values.length > 0)
        ? `<div class="stack">${figure(passAtKCurve(methods), "wide")}</div>`
        : ""
    ].join("")
  }
}

/** The answer in a sentence or two, from the numbers. */
export const leadText = (data: ReportData): string => {
  const method = leader(data)
  if (method === undefined) return "No learned reward was evaluated in this run."
  const n = headlineN(data)
  const own = ownLocalisation(method)
  const rivals = learned(data).filter(({ rerank }) => rerank.length > 0).length
  const chosen =
    rivals > 1
      ? ` It is the largest of ${rivals} such gains, picked on these very prompts, so it flatters a little.`
      : ""
  const gain = gainOf(method, "reward", n)
  const verdict = Measurements.exceeds(gain, 0) ? "" : " This gain is not distinguishable from none."
  const pointing =
    own === undefined || !Measurements.isEstimate(own.hitAt1)
      ? ""
      : ` Its lowest reward falls on the first wrong step in ${valueOnly(own.hitAt1)} of wrong traces; chance is ${valueOnly(own.chance)}.`
  return [
    `Of ${n} completions, the one that <strong>${escapeMarkup(method.label)}</strong> rewards most is correct for `,
    `${valueOnly(accuracyOf(method, "reward", n))} of prompts, against ${valueOnly(accuracyOf(method, "random", n))} for the `,
    `expected random pick, a gain of ${points(gain)} points.${verdict}${chosen}${pointing}`
  ].join("")
}

const tile = (label: string, big: string, small: string): string =>
  `<div><dt>${escapeMarkup(label)}</dt><dd><div class="big">${big}</div><div class="small">${small}</div></dd></div>`

const interval = (m: Measurement): string =>
  m._tag === "Estimate"
    ? `95% interval ${formatNumber(m.ci95[0], "percent")} to ${formatNumber(m.ci95[1], "percent")}`
    : ""

/** The four numbers at the top. */
export const tiles = (data: ReportData): string => {
  const method = leader(data)
  const sft = data.methods.find(({ kind }) => kind === "sft")
  const n = headlineN(data)
  const own = method === undefined ? undefined : ownLocalisation(method)
  return [
    method === undefined
      ? ""
      : tile(
          `Best of ${n} by reward`,
          valueOnly(accuracyOf(method, "reward", n)),
          `expected random ${valueOnly(accuracyOf(method, "random", n))}, oracle ${valueOnly(accuracyOf(method, "oracle", n))}`
        ),
    own === undefined
      ? ""
      : tile(
          "First wrong step, Hit@1",
          valueOnly(own.hitAt1),
          `chance ${valueOnly(own.chance)}, ${own.rows} wrong traces`
        ),
    method === undefined || method.kind === "reward"
      ? ""
      : tile(
          `pass@1, ${method.label}`,
          valueOnly(method.passAt1),
          sft === undefined ? interval(method.passAt1) : `SFT ${valueOnly(sft.passAt1)}`
        ),
    tile("Time and memory", formatDuration(data.wallSeconds), `peak ${formatBytes(data.peakMemoryBytes)}`)
  ].join("")
}
