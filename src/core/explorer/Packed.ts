/** What is known of every rollout without its text: one entry a rollout in each column. */
export interface RolloutColumns {
  /** Index into `files`, `prompts`, `sources`, `categories`. */
  readonly file: ReadonlyArray<number>
  readonly prompt: ReadonlyArray<number>
  readonly source: ReadonlyArray<number>
  readonly category: ReadonlyArray<number>
  readonly generationIdx: ReadonlyArray<number>
  /** 1 right, 0 wrong, null without a verdict. */
  readonly verdict: ReadonlyArray<0 | 1 | null>
  readonly answer: ReadonlyArray<string | null>
  /** Trace score from the rewards, null where there is none. */
  readonly score: ReadonlyArray<number | null>
  /** Mean log-probability of the tokens, in nats. */
  readonly logProb: ReadonlyArray<number | null>
  readonly tokens: ReadonlyArray<number>
  /** 1 where the completion was cut at its limit. */
  readonly truncated: ReadonlyArray<0 | 1>
}

export interface PackedPrompt {
  readonly id: string
  readonly text: string
  readonly gold: string | null
}

/** Everything that the page needs at once: filtering, sorting and the histogram read only this. */
export interface PackedIndex {
  readonly files: ReadonlyArray<string>
  readonly prompts: ReadonlyArray<PackedPrompt>
  readonly sources: ReadonlyArray<string>
  readonly categories: ReadonlyArray<string>
  readonly rollouts: RolloutColumns
  /** Rollouts a block of traces. */
  readonly blockSize: number
  /** Name of the selector that made the trace scores. */
  readonly selector: string
  /**
   * By file, since each may come from a reward of its own: the middle of the colour scale (mean token reward), and the
   * largest distance from it that is not an outlier.
   */
  readonly colours: ReadonlyArray<{ readonly mean: number; readonly scale: number }>
}

/** The text of one rollout and its values by token, read when it is opened. Values are rounded to four digits. */
export interface PackedTrace {
  readonly text: string
  /** Start of each token in `text`; empty where unknown. */
  readonly starts: ReadonlyArray<number>
  readonly rewards: ReadonlyArray<number | null>
  readonly logProbs: ReadonlyArray<number | null>
  /** Last token of each step. */
  readonly stepEnds: ReadonlyArray<number>
}
