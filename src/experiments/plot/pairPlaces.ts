import {
  type Grid,
  Grids,
  Localisation,
  localisePlaces,
  type PlaceResult,
  type PlaceRow,
  Resamplings,
  Selectors,
  Sensitivities,
  Targets,
  type TracePair
} from "../../core/evaluation/index.ts"
import { type Drawing, Drawings, type HeatmapToken, localisationChart, type Table } from "../../core/figure/index.ts"
import { editedTrace, type NamedPair } from "../../core/result/index.ts"
import type { Critic, CriticPair } from "./readCritic.ts"

const { standard } = Resamplings

const values = (tokens: ReadonlyArray<HeatmapToken>): ReadonlyArray<number> =>
  tokens.map(({ value }) => value ?? Number.NaN)

/** Ids of token texts: equal texts are equal tokens. */
const idsOf = (...traces: ReadonlyArray<ReadonlyArray<HeatmapToken>>) => {
  const known = new Map<string, number>()
  return traces.map((tokens) =>
    tokens.map(({ text }) => {
      const id = known.get(text) ?? known.size
      known.set(text, id)
      return id
    })
  )
}

/** Where each token starts, and the last one ends. */
const boundsOf = (tokens: ReadonlyArray<HeatmapToken>): ReadonlyArray<number> => {
  const bounds = [0]
  for (const { text } of tokens) bounds.push(bounds.at(-1)! + text.length)
  return bounds
}

/** The tokens of the edited step; where no step is known, those that differ. */
const targetsOf = ({ pair }: NamedPair, { clean, perturbed }: CriticPair): ReadonlyArray<number> => {
  const [cleanIds, perturbedIds] = idsOf(clean, perturbed)
  return Targets.charSpan(
    editedTrace(pair, (text) =>
      text === pair.wrong
        ? { ids: perturbedIds!, bounds: boundsOf(perturbed) }
        : { ids: cleanIds!, bounds: boundsOf(clean) }
    )
  )
}

/** A row with the signals of those critics that read the trace in the tokens of the first. */
const placeRow = (pair: NamedPair, critics: ReadonlyArray<Critic>): PlaceRow => {
  const all = critics.flatMap(({ label, pairs }) => {
    const own = pairs.get(pair.name)
    return own === undefined ? [] : [{ label, own }]
  })
  const [first] = all
  const read = all.filter(({ own }) => own.perturbed.every(({ text }, t) => text === first!.own.perturbed[t]?.text))
  return {
    promptId: pair.pair.promptId,
    targets: first === undefined ? [] : targetsOf(pair, first.own),
    tokens: first?.own.perturbed.length ?? 0,
    signals: Object.fromEntries(
      read.map(({ label, own }) => [label, { values: values(own.perturbed), transition: Localisation.drop }])
    )
  }
}

const buckets = 15

/** Grids and windows that are shown; on buckets both windows are one bucket, so the wider says nothing new. */
const shown: ReadonlyArray<{ readonly grid: Grid; readonly window: number }> = [
  { grid: Grids.token, window: 1 },
  { grid: Grids.token, window: 7 },
  { grid: Grids.interval(buckets), window: 1 }
]

/** Where each critic sees the error, on every grid that is shown, all on the same rows. */
export const placesOf = (
  pairs: ReadonlyArray<NamedPair>,
  critics: ReadonlyArray<Critic>
): ReadonlyArray<PlaceResult> => {
  const rows = pairs.map((pair) => placeRow(pair, critics))
  const detectors = critics.map(({ label }) => label)
  return shown.flatMap((one) => localisePlaces(rows, { ...one, detectors, resampling: standard }))
}

const placeName = ({ grid, reach }: PlaceResult): string =>
  `±${reach} token${reach === 1 ? "" : "s"}${grid === Grids.token.name ? "" : "*"}`

/** Critics that no honest signal is as wrong as. */
const belowChance = (results: ReadonlyArray<PlaceResult>): string => {
  const found = results.filter((one) => one.belowChance).map((one) => `${one.detector} (${placeName(one)})`)
  return found.length === 0 ? "" : ` Surely below chance, so misaligned or turned round: ${found.join(", ")}.`
}

/** Hit@1 of each critic, by how far off a hit may be, with the exact chance of each. */
export const localisationDrawing = (results: ReadonlyArray<PlaceResult>): Drawing =>
  Drawings.ofFigure({
    ...localisationChart(
      [...Map.groupBy(results, placeName)].map(([label, own]) => ({
        label,
        rows: own[0]!.rows,
        chance: own[0]!.chance,
        detectors: own.map(({ detector, hit }) => ({ detector, hitAt1: hit }))
      }))
    ),
    title: "Where the error is seen",
    caption: `Share of changed traces whose largest fall from one token to the next lies within so many tokens of the edited step, ties by expectation, bars in the order of the legend, ${results[0]?.rows ?? 0} traces (${results[0]?.leftOut ?? 0} left out for all); dashed: exact chance on the same places. *: means of ${buckets} tokens, where a window of 1 is a bucket. 95% intervals by bootstrap over prompts.${belowChance(results)}`
  })

const text = (key: string, label = key) => ({ key, label, format: "number" as const })
const share = (key: string, label: string) => ({ key, label, format: "percent" as const })
const count = (key: string, label = key) => ({ key, label, format: "integer" as const })

/** Every measure of where each critic sees the error, beside its chance. */
export const localisationTable = (results: ReadonlyArray<PlaceResult>): Table => ({
  id: "localisation",
  title: "Where the error is seen",
  caption:
    "Hit@1: the largest fall from one token to the next lies within the window of the edited step; reach: tokens that a hit may be off on this grid; normalised: (hit - chance) / (1 - chance); MAP, MRR and the share of all falls near the step, each beside its exact chance where it has one; below: surely below chance, so misaligned or turned round; 95% intervals by bootstrap over prompts.",
  columns: [
    ...[text("critic"), text("grid"), count("window"), count("reach")],
    ...[share("hit", "Hit@1"), share("chance", "chance"), share("normalised", "normalised")],
    ...[share("map", "MAP"), share("mapChance", "chance"), share("mrr", "MRR"), share("mrrChance", "chance")],
    ...[share("mass", "mass"), text("below"), count("rows"), count("leftOut", "left out")]
  ],
  rows: results.map((one) => [
    ...[one.detector, one.grid, one.window, one.reach, one.hit, one.chance, one.normalised],
    ...[one.meanAveragePrecision, one.averagePrecisionChance, one.meanReciprocalRank, one.reciprocalRankChance],
    ...[one.mass, one.belowChance ? "below" : "", one.rows, one.leftOut]
  ])
})

const tracePair = ({ pair }: NamedPair, { clean, perturbed }: CriticPair): TracePair => {
  const [cleanIds, perturbedIds] = idsOf(clean, perturbed)
  return {
    promptId: pair.promptId,
    severity: pair.severity,
    clean: { ids: cleanIds!, rewards: values(clean) },
    perturbed: { ids: perturbedIds!, rewards: values(perturbed) }
  }
}

/** By how much and how often the clean trace's mean is higher, by number of edits. */
export const sensitivityTable = (pairs: ReadonlyArray<NamedPair>, critics: ReadonlyArray<Critic>): Table => ({
  id: "sensitivity",
  title: "Clean against changed traces",
  caption:
    "Mean value of the clean trace less that of the changed one, and share of pairs where it is higher (ties one half), by number of edits; 95% intervals by bootstrap over prompts.",
  columns: [text("critic"), count("severity", "edits"), text("margin"), share("wins", "clean higher"), count("pairs")],
  rows: critics.flatMap((critic) =>
    Sensitivities.bySeverity(
      pairs.flatMap((pair) => {
        const own = critic.pairs.get(pair.name)
        return own === undefined ? [] : [tracePair(pair, own)]
      }),
      Selectors.mean,
      standard
    ).map(({ severity, margin, wins, pairs: n }) => [critic.label, severity, margin, wins, n])
  )
})
