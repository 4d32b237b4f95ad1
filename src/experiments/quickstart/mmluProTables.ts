import type { ResultRow } from "../../core/data/index.ts"
import {
  aurocPooled,
  aurocWithinPrompt,
  logisticRegression,
  Resamplings,
  surfaceFeatures
} from "../../core/evaluation/index.ts"
import type { Table } from "../../core/figure/index.ts"
import { type TraceScore, TraceScores, Verdicts } from "../../core/result/index.ts"
import type { Candidate, MmluPro } from "../../core/task/index.ts"

/** Characters of a completion in its tags that is no more than an answer. */
const BARE_ANSWER = 120

/** Scores that need no learned reward, by name. */
export const baselines = (data: MmluPro, train: ReadonlyArray<Candidate>) => {
  const features = (candidates: ReadonlyArray<Candidate>) =>
    candidates.map(({ completion }) => surfaceFeatures(completion))
  const own = train.filter(({ model }) => model === data.expert)
  const others = train.filter(({ model }) => model !== data.expert)
  const surface = logisticRegression(features(own), features(others))
  const accuracy = new Map(data.models.map(({ model, accuracy }) => [model, accuracy]))
  return {
    length: TraceScores.brevity,
    longest: (row: ResultRow) => row.generation.content.length,
    surface: (row: ResultRow) => surface(surfaceFeatures(row.generation.content)),
    // Uses gold answers of the training questions: the ceiling of knowing who wrote a trace and nothing else.
    author: (row: ResultRow) => accuracy.get(row.source ?? "") ?? 0
  }
}

/** Whether a completion gives reasons: more than its tags and an answer. */
const reasons = ({ generation }: ResultRow): boolean => generation.content.length > BARE_ANSWER

export const separationTable = (
  scores: ReadonlyArray<{ readonly label: string; readonly of: TraceScore; readonly rows: ReadonlyArray<ResultRow> }>
): Table => ({
  id: "separation",
  title: "Right against wrong completions of the same question",
  caption:
    "AUROC of each score; .5 is chance. Within one author, style is held fixed (the mean over authors, with an interval over them). Length prefers short traces, longest long ones; surface is a logistic regression on counts of characters and words, trained on the same traces as the reward; author ranks by the author's accuracy on training questions, which uses their answers.",
  columns: [
    { key: "score", label: "score", format: "number" },
    { key: "within", label: "AUROC within question", format: "percent" },
    { key: "pooled", label: "AUROC pooled", format: "percent" },
    { key: "reasoned", label: "within question, bare answers left out", format: "percent" },
    { key: "author", label: "within one author", format: "percent" }
  ],
  rows: scores.map(({ label, of, rows }) => {
    const pools = (groups: Iterable<ReadonlyArray<ResultRow>>) =>
      Array.from(groups, (group) => ({
        correct: group.map((row) => Verdicts.stored(row) === true),
        scores: group.map(of)
      }))
    const judged = rows.filter((row) => Verdicts.stored(row) !== undefined)
    const byQuestion = (some: ReadonlyArray<ResultRow>) => pools(Map.groupBy(some, (row) => row.prompt_id).values())
    return [
      label,
      aurocWithinPrompt(byQuestion(judged), Resamplings.standard),
      aurocPooled(byQuestion(judged), Resamplings.standard),
      aurocWithinPrompt(byQuestion(judged.filter(reasons)), Resamplings.standard),
      aurocWithinPrompt(pools(Map.groupBy(judged, ({ source }) => source).values()), Resamplings.standard)
    ]
  })
})
