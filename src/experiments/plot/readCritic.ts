import { Effect, Stream } from "effect"
import type { HeatmapToken } from "../../core/figure/index.ts"
import { Censuses, type KeyedRow, type NamedPair, ResultFile, rowKey } from "../../core/result/index.ts"
import { sha256 } from "./readMethod.ts"
import { heatmapTokens } from "./tokenFigures.ts"

/** A pair as one critic reads it: the tokens of both traces with a value each. */
export interface CriticPair {
  readonly clean: ReadonlyArray<HeatmapToken>
  readonly perturbed: ReadonlyArray<HeatmapToken>
}

/** What a critic says of pairs. */
export interface Critic {
  readonly label: string
  /** What its values are. */
  readonly signal: "reward" | "log-probability"
  /** By the pair's name. */
  readonly pairs: ReadonlyMap<string, CriticPair>
  readonly provenance: {
    readonly file: string
    readonly sha256: string
    readonly checkpoints: ReadonlyArray<string>
    /** What is wrong with the file, counted. */
    readonly problems: ReadonlyArray<string>
  }
}

const isPolicy = (row: KeyedRow): boolean => row.reward_model_score === undefined

/** The tokens of a trace with its rewards, or with its log-probabilities where a policy scored it. */
const tokensOf = (row: KeyedRow): ReadonlyArray<HeatmapToken> | undefined =>
  heatmapTokens(row, isPolicy(row) ? row.policy_log_probs : row.reward_model_score)

/**
 * Reads what a file of scored traces says of pairs. Traces are found by their key, and used only where the row holds
 * the same text and says where its tokens are; a pair that lacks one is not among them.
 */
export const readCritic = (label: string, file: string, pairs: ReadonlyArray<NamedPair>) =>
  Effect.gen(function* () {
    const texts = new Map(
      pairs.flatMap(({ clean, perturbed }) =>
        [clean, perturbed].map((row) => [rowKey(row), row.generation.content] as const)
      )
    )
    const found = new Map<string, ReadonlyArray<HeatmapToken>>()
    const census = Censuses.make()
    let rewards = 0
    yield* Stream.runForEach(ResultFile.stream(file, census), (row) =>
      Effect.sync(() => {
        const [key, tokens] = [rowKey(row), tokensOf(row)]
        if (tokens !== undefined && texts.get(key) === row.generation.content) {
          found.set(key, tokens)
          if (!isPolicy(row)) rewards += 1
        }
      })
    )
    const read = pairs.flatMap(({ name, ...rows }): ReadonlyArray<readonly [string, CriticPair]> => {
      const [clean, perturbed] = [found.get(rowKey(rows.clean)), found.get(rowKey(rows.perturbed))]
      return clean === undefined || perturbed === undefined ? [] : [[name, { clean, perturbed }]]
    })
    return {
      label,
      signal: rewards > 0 ? "reward" : "log-probability",
      pairs: new Map(read),
      provenance: {
        file,
        sha256: yield* sha256(file),
        checkpoints: [...census.checkpoints],
        problems: Censuses.report(census).map(Censuses.describe)
      }
    } satisfies Critic
  })
