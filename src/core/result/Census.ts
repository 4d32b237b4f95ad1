import { Result } from "effect"
import type { Line } from "../data/index.ts"
import { isReference, type KeyedRow, question, rowKey } from "./RowKey.ts"
import { stored } from "./Verdict.ts"

/** What can be wrong with a file of results, and what to do about it. */
export const fixes = {
  badRow: "Mend or remove the lines; each is named by its line and field",
  duplicate: "Remove the later ones, which are left out here; two runs may have written to one file",
  wrongDataset: "Check the file or the data set; rows of other questions are left out here",
  misplaced: "Score these rows again with their tokens' offsets: theirs do not lie within the text in order",
  ragged: "Score these rows again: their per-token lists differ in length, so positions cannot be trusted",
  wrongOrder: "None is needed here, where rows are joined by key; sort by prompt and generation for other readers",
  fewerSamples: "Generate the missing ones; metrics at an n that a prompt lacks leave it out",
  missingPrompt: "Generate these prompts, or say that only a part was evaluated",
  noVerdict: "Check their answers; rows without a verdict are left out of correctness metrics",
  noScore: "Score these rows: in a file where others have a score they rank last",
  nonFiniteScore: "Score these rows again; values that are not finite are null, and take no part",
  mixedCheckpoints: "Evaluate one checkpoint a file; their rows are not comparable",
  mixedRewards: "Score the file with one reward; their rows are not comparable"
} as const

export type ProblemKind = keyof typeof fixes

/** A kind of trouble in a file, how often it occurs, and where first. */
export interface ResultProblem {
  readonly kind: ProblemKind
  readonly count: number
  readonly first: string
  readonly fix: string
}

/** What the rows of a file should be, where that is known. */
export interface Expected {
  /** Completions of each prompt; default: as many as the prompt with the most has. */
  readonly generations?: number
  /** Names of the prompts. */
  readonly promptIds?: Iterable<string>
}

/** An account of a file that grows with its rows; it holds their keys, never their texts. */
export interface Census {
  readonly expected: Expected
  readonly known: ReadonlySet<string> | undefined
  /** Samples of each prompt. */
  readonly prompts: Map<string, { readonly seen: Set<number>; last: number }>
  /** Keys of experts' traces and others that are no samples. */
  readonly references: Set<string>
  readonly problems: Map<ProblemKind, { count: number; first: string }>
  readonly checkpoints: Set<string>
  readonly rewards: Set<string>
  /** Rows kept. */
  rows: number
  /** Samples with and without scores. */
  scored: number
  unscored: { count: number; first: string }
  current: string | undefined
}

/** An empty account. */
export const make = (expected: Expected = {}): Census => ({
  expected,
  known: expected.promptIds === undefined ? undefined : new Set(expected.promptIds),
  prompts: new Map(),
  references: new Set(),
  problems: new Map(),
  checkpoints: new Set(),
  rewards: new Set(),
  rows: 0,
  scored: 0,
  unscored: { count: 0, first: "" },
  current: undefined
})

const note = (census: Census, kind: ProblemKind, first: string): void => {
  const found = census.problems.get(kind)
  if (found === undefined) census.problems.set(kind, { count: 1, first })
  else found.count += 1
}

/** Whether the lists of a row that have an entry a token are of one length. */
const isRagged = (row: KeyedRow): boolean => {
  const lists = [row.token_ids, row.token_offsets, row.reward_model_score, row.policy_log_probs, row.policy_entropies]
  const lengths = new Set(lists.flatMap((list) => (list === undefined ? [] : [list.length])))
  const ends = row.reward_unit_ends ?? []
  return lengths.size > 1 || ends.some((end) => end < 0 || end >= (row.reward_model_score?.length ?? 0))
}

/** Whether the offsets cannot be those of this text: they run backwards, or beyond its end. */
const isMisplaced = ({ token_offsets: starts = [], generation }: KeyedRow): boolean =>
  starts.some((start, t) => start < (starts[t - 1] ?? 0) || start > generation.content.length)

const enter = (census: Census, row: KeyedRow, place: string): boolean => {
  if (census.known !== undefined && !census.known.has(row.prompt_id)) {
    note(census, "wrongDataset", `${place}: ${JSON.stringify(question(row).slice(0, 60))}`)
    return false
  }
  return isReference(row) ? enterReference(census, row, place) : enterSample(census, row, place)
}

const enterReference = (census: Census, row: KeyedRow, place: string): boolean => {
  const key = rowKey(row)
  const isNew = !census.references.has(key)
  if (!isNew) note(census, "duplicate", place)
  census.references.add(key)
  return isNew
}

const enterSample = (census: Census, row: KeyedRow, place: string): boolean => {
  const prompt = census.prompts.get(row.prompt_id) ?? { seen: new Set(), last: -1 }
  if (prompt.seen.has(row.generation_idx)) {
    note(census, "duplicate", place)
    return false
  }
  const apart = prompt.seen.size > 0 && census.current !== row.prompt_id
  if (apart || row.generation_idx < prompt.last) note(census, "wrongOrder", place)
  prompt.seen.add(row.generation_idx)
  prompt.last = row.generation_idx
  census.prompts.set(row.prompt_id, prompt)
  census.current = row.prompt_id
  return true
}

/** What a sample must have and a reference need not: a verdict, and a score where others have one. */
const judge = (census: Census, row: KeyedRow, place: string): void => {
  if (stored(row) === undefined) note(census, "noVerdict", place)
  if (row.reward_model_score !== undefined) census.scored += 1
  else {
    if (census.unscored.count === 0) census.unscored.first = place
    census.unscored.count += 1
  }
}

/** Whether a unit's reward is missing. Tokens beyond the last unit have none: the reward was not made to read them. */
const lacksReward = ({ reward_model_score: scores = [], reward_unit_ends: ends }: KeyedRow): boolean =>
  (ends === undefined ? scores : ends.map((end) => scores[end])).some((score) => score === null)

/** What made something of a row: a place may hold other weights later, so those are part of the name. */
const named = (name: string, weights: string | undefined): string =>
  weights === undefined ? name : `${name} (weights ${weights.slice(0, 12)})`

/**
 * Takes a line into account. Bad rows, later ones of one key, and rows of another data set are not for use.
 *
 * @returns the row when it is for use
 */
export const add = (census: Census, { file, line, row: parsed }: Line<KeyedRow>): KeyedRow | undefined => {
  const place = `${file}:${line}`
  if (Result.isFailure(parsed)) {
    note(census, "badRow", parsed.failure[0]?.message ?? place)
    return undefined
  }
  const row = parsed.success
  if (!enter(census, row, place)) return undefined
  census.rows += 1
  if (isRagged(row)) note(census, "ragged", place)
  if (isMisplaced(row)) note(census, "misplaced", place)
  if (lacksReward(row)) note(census, "nonFiniteScore", place)
  if (!isReference(row)) judge(census, row, place)
  const { checkpoint_id: checkpoint, reward_kind: reward } = row
  if (checkpoint !== undefined) census.checkpoints.add(named(checkpoint, row.checkpoint_weights))
  if (reward !== undefined) census.rewards.add(named(reward, row.reward_model_weights))
  return row
}

const problem = (kind: ProblemKind, { count, first }: { readonly count: number; readonly first: string }) =>
  count === 0 ? [] : [{ kind, count, first, fix: fixes[kind] }]

const mixed = (kind: ProblemKind, names: ReadonlySet<string>) =>
  names.size < 2 ? [] : problem(kind, { count: names.size, first: [...names].join(", ") })

/** Everything found wrong so far, in a fixed order; what is absent was not found. */
export const report = (census: Census): ReadonlyArray<ResultProblem> => {
  const most = [...census.prompts.values()].reduce((n, { seen }) => Math.max(n, seen.size), 0)
  const wanted = census.expected.generations ?? most
  const few = [...census.prompts].filter(([, { seen }]) => seen.size < wanted)
  const absent = [...(census.known ?? [])].filter((id) => !census.prompts.has(id))
  const found = new Map<ProblemKind, ReadonlyArray<ResultProblem>>([
    ...[...census.problems].map(([kind, at]) => [kind, problem(kind, at)] as const),
    ["noScore", census.scored === 0 ? [] : problem("noScore", census.unscored)],
    [
      "fewerSamples",
      problem("fewerSamples", {
        count: few.length,
        first: `${few[0]?.[0].slice(0, 60)}: ${few[0]?.[1].seen.size} of ${wanted}`
      })
    ],
    ["missingPrompt", problem("missingPrompt", { count: absent.length, first: absent[0] ?? "" })],
    ["mixedCheckpoints", mixed("mixedCheckpoints", census.checkpoints)],
    ["mixedRewards", mixed("mixedRewards", census.rewards)]
  ])
  return (Object.keys(fixes) as ReadonlyArray<ProblemKind>).flatMap((kind) => found.get(kind) ?? [])
}

/** A problem in one line. */
export const describe = ({ kind, count, first, fix }: ResultProblem): string =>
  `${kind}: ${count} (first: ${first}). ${fix}.`
