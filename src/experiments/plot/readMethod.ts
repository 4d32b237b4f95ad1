import { createHash } from "node:crypto"
import { Effect, FileSystem, Stream } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import { denseVariation, meanVariation, type Variation, type VariationSummary } from "../../core/evaluation/index.ts"
import {
  Censuses,
  type PromptPool,
  PromptPools,
  ResultFile,
  TraceRegions,
  TraceScores,
  Verdicts
} from "../../core/result/index.ts"
import { tagText } from "../../core/text/index.ts"
import { type TraceSelector, traceSelectors } from "./traceSelectors.ts"

/** The completions of one run with all that figures look at, and where they come from. */
export interface MethodResults {
  readonly file: string
  readonly pools: ReadonlyArray<PromptPool>
  /** Mean of all token rewards, the middle of the colour scale of token figures. */
  readonly meanReward: number | undefined
  /** How much token rewards vary within traces, over all tokens and within the reasoning. */
  readonly variation: { readonly all: VariationSummary; readonly think: VariationSummary }
  readonly provenance: Provenance
}

/** What a number rests on. */
export interface Provenance {
  readonly file: string
  readonly sha256: string
  readonly rows: number
  readonly prompts: number
  readonly generations: number
  readonly checkpoints: ReadonlyArray<string>
  readonly rewards: ReadonlyArray<string>
  /** What is wrong with the file, counted. */
  readonly problems: ReadonlyArray<string>
}

const or = (value: number | null | undefined): number => value ?? Number.NaN

const adjusted = (row: ResultRow): number | undefined => {
  const verdict = Verdicts.formatAdjusted(row)
  return verdict === undefined ? undefined : Number(verdict)
}

/** The scores that figures rank, correlate and split by; one that no row has is not there. */
const scoresBy = (selector: TraceSelector) => ({
  reward: selector.score,
  logProb: TraceScores.logProb,
  length: TraceScores.brevity,
  xml: (row: ResultRow) => or(row.xmlcount_reward_func),
  strict: (row: ResultRow) => or(row.strict_format_reward_func),
  formatAdjusted: (row: ResultRow) => or(adjusted(row)),
  ...Object.fromEntries(traceSelectors.map((one) => [`selector:${one.name}`, one.score]))
})

/** What a row votes for. Published rows do not say it: theirs is what stands in the answer tag, and nothing without one. */
const answerOf = ({ extracted_answer: extracted, generation }: ResultRow): string | undefined =>
  extracted === undefined ? tagText(generation.content) : (extracted ?? undefined)

/** The digest of a file's bytes. */
export const sha256 = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const hash = createHash("sha256")
    yield* Stream.runForEach(fs.stream(file), (bytes) => Effect.sync(() => void hash.update(bytes)))
    return hash.digest("hex")
  })

/** Reads a result file as a stream. Only the first `generations` of a prompt are kept. */
export const readMethod = (file: string, selector: TraceSelector, generations: number) =>
  Effect.gen(function* () {
    const census = Censuses.make()
    let [sum, count] = [0, 0]
    const [all, think]: [Array<Variation | undefined>, Array<Variation | undefined>] = [[], []]
    const rows = ResultFile.stream(file, census).pipe(
      Stream.filter((row) => row.generation_idx < generations),
      Stream.tap((row) =>
        Effect.sync(() => {
          const rewards = TraceScores.values(row.reward_model_score)
          for (const value of rewards.filter(Number.isFinite)) {
            sum += value
            count += 1
          }
          const span = TraceRegions.regionTokens(row, "think")
          all.push(denseVariation(rewards))
          think.push(span === undefined ? undefined : denseVariation(rewards.slice(span.start, span.end)))
        })
      )
    )
    const pools = yield* PromptPools.collect(rows, { scores: scoresBy(selector), answer: answerOf })
    const provenance: Provenance = {
      file,
      sha256: yield* sha256(file),
      rows: census.rows,
      prompts: pools.length,
      generations: pools.reduce((n, { correct }) => Math.max(n, correct.length), 0),
      checkpoints: [...census.checkpoints],
      rewards: [...census.rewards],
      problems: Censuses.report(census).map(Censuses.describe)
    }
    return {
      ...{ file, pools, provenance, meanReward: count === 0 ? undefined : sum / count },
      variation: { all: meanVariation(all), think: meanVariation(think) }
    } satisfies MethodResults
  })
