import { Effect } from "effect"
import { Problems, type ResultRow, schemaVersion } from "../../core/data/index.ts"
import {
  aurocPooled,
  aurocWithinPrompt,
  logisticRegression,
  Resamplings,
  Selectors,
  surfaceFeatures
} from "../../core/evaluation/index.ts"
import type { Table } from "../../core/figure/index.ts"
import type { Method, ReportData } from "../../core/figure/report/index.ts"
import { type Negative, Units } from "../../core/learner/index.ts"
import { type TraceScore, TraceScores, Verdicts } from "../../core/result/index.ts"
import { Granularities } from "../../core/reward/index.ts"
import { type Candidate, type MmluPro, mmluPro as readMmluPro } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import type { QuickstartOptions } from "../commands/index.ts"
import { measure, Readings, storedRows, type TrainedReward, unitRewards } from "../evaluate/index.ts"
import { learnReward, type RewardSettings } from "../reward/index.ts"
import { Curves, configuration, Sessions, settings, stepRows } from "../run/index.ts"
import { publish } from "./publish.ts"
import type { NamedGranularity } from "./stages.ts"

/** How much of the data is used, and how the reward is learned. */
export interface MmluProPlan {
  /** Tokens of a prompt that are kept, its last ones: the options. */
  readonly promptTokens: number
  /** Tokens of a completion that are kept, its first ones. */
  readonly completionTokens: number
  /** Training questions that are used, and test questions whose completions are reranked; all where there are fewer. */
  readonly trainQuestions: number
  readonly testQuestions: number
  /** Validation questions that the reward is measured on while it trains. */
  readonly heldOutQuestions: number
  readonly settings: RewardSettings
}

/** Characters of a completion in its tags that is no more than an answer. */
const BARE_ANSWER = 120

/** Characters that hold more than the tokens that are kept: encoding all of a text that runs on would be in vain. */
const CHARACTERS_PER_TOKEN = 12

/** Encodes traces within the plan's limits. */
const encoder = ({ task }: MmluPro, { promptTokens, completionTokens }: MmluProPlan) => {
  const { tokenizer } = task
  const prompts = new Map<string, ReadonlyArray<number>>()
  for (const split of Object.values(task.splits)) {
    for (const problem of split.problems) {
      const text = task.renderPrompt(problem).slice(-promptTokens * CHARACTERS_PER_TOKEN)
      prompts.set(problem.id, tokenizer.encode(text).slice(-promptTokens))
    }
  }
  return (problemId: string, completion: string) => {
    const ids = tokenizer.encode(completion.slice(0, completionTokens * CHARACTERS_PER_TOKEN))
    return {
      prompt: prompts.get(problemId) ?? [],
      completion: ids.length >= completionTokens ? ids.slice(0, completionTokens) : [...ids, tokenizer.eosId]
    }
  }
}

type Encode = ReturnType<typeof encoder>

/** A candidate as a row of the results file, without token ids: the completions are in the data already. */
const rowOf = (data: MmluPro, candidate: Candidate, index: number): ResultRow => {
  const problem = data.task.splits.test.problems.find(({ id }) => id === candidate.problemId)!
  const { outcome } = candidate
  return {
    prompt: [...Problems.messages(problem)],
    generation: { content: candidate.completion },
    generation_idx: index,
    correctness_reward_func: outcome._tag === "Scored" ? 2 * outcome.value : null,
    prompt_id: problem.id,
    gold_answer: problem.finalAnswer ?? null,
    extracted_answer: data.task.finalAnswer(problem, candidate.completion) ?? null,
    ...(problem.category === undefined ? {} : { category: problem.category }),
    source: candidate.model,
    schema_version: schemaVersion
  }
}

/** Four decimals: the file is read by people and figures. */
const rounded = (x: number): number => Math.round(x * 1e4) / 1e4

const scored = (reward: TrainedReward, encode: Encode, rows: ReadonlyArray<ResultRow>) => {
  const sequences = rows.map((row) => encode(row.prompt_id!, row.generation.content))
  return Effect.map(unitRewards(reward, sequences), (rewards) =>
    rows.map(
      (row, i): ResultRow => ({
        ...row,
        reward_model_score: Array.from(Units.overTokens(rewards[i]!), rounded),
        reward_unit_ends: Array.from(reward.partition(sequences[i]!.completion).ends),
        reward_kind: reward.kind
      })
    )
  )
}

/** Scores that need no learned reward, by name. */
const baselines = (data: MmluPro, train: ReadonlyArray<Candidate>) => {
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

const separationTable = (
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

/**
 * Reward learning on real input: the strongest model's right traces are the expert's, all other models' traces of the
 * same questions are negatives, and the reward reranks those models' completions of questions that it never saw.
 */
export const mmluPro = Effect.fnUntraced(function* (options: QuickstartOptions, plan: MmluProPlan) {
  const { seed } = options
  const folder = options.data ?? ""
  const data = yield* readMmluPro({ folder, seed, expert: { correctOnly: true } })
  const { task, candidates, expert } = data
  const granularities: ReadonlyArray<NamedGranularity> = [
    { key: "sparse", label: "sparse", granularity: Granularities.sparse },
    { key: "stepwise", label: "step-wise", granularity: Granularities.stepwise(task.stepRule) }
  ]
  const config = { task: task.name, data: folder, seed, expert, plan: configuration(plan) }
  const session = yield* Sessions.open(
    options,
    { config },
    granularities.map(({ key }) => ({ stage: `reward-${key}`, steps: plan.settings.steps }))
  )
  const encode = encoder(data, plan)
  const questions = <A>(name: string, all: ReadonlyArray<A>, n: number) =>
    Rng.shuffle(Rng.make(seed, "mmlu-pro", name), all).slice(0, n)
  const experts = questions("train", task.splits.train.demonstrations, plan.trainQuestions)
  const demonstrations = experts.map(({ problem, completion }) => encode(problem.id, completion))
  const indexOf = new Map(experts.map(({ problem }, i) => [problem.id, i]))
  const used = candidates.train.filter(({ problemId }) => indexOf.has(problemId))
  const rollouts = used
    .filter(({ model }) => model !== expert)
    .map(
      ({ problemId, completion }): Negative => ({
        ...encode(problemId, completion),
        demonstration: indexOf.get(problemId)!
      })
    )
  const held = task.splits.validation.demonstrations.slice(0, plan.heldOutQuestions)
  const heldIds = new Set(held.map(({ problem }) => problem.id))
  const heldOut = {
    demonstrations: held.map(({ problem, completion }) => encode(problem.id, completion)),
    negatives: {
      policy: candidates.validation
        .filter(({ model, problemId }) => model !== expert && heldIds.has(problemId))
        .map(({ problemId, completion }) => encode(problemId, completion))
    }
  }
  const chosen = new Set(questions("test", task.splits.test.problems, plan.testQuestions).map(({ id }) => id))
  const test = [...Map.groupBy(candidates.test, ({ problemId }) => problemId)].flatMap(([id, group]) =>
    chosen.has(id) ? group.filter(({ model }) => model !== expert).map((c, i) => rowOf(data, c, i)) : []
  )

  const learned = yield* Effect.forEach(granularities, (named) =>
    Effect.gen(function* () {
      const reward = yield* learnReward(session, {
        name: `reward-${named.key}`,
        seed,
        granularity: named.granularity,
        traces: { tokenizer: task.tokenizer, demonstrations, rollouts, heldOut },
        settings: plan.settings,
        contextLength: plan.promptTokens + plan.completionTokens
      })
      yield* session.note(`  scoring test completions: ${named.key}`)
      const rows = yield* storedRows(session.directory, `eval/${named.key}.jsonl`, scored(reward, encode, test))
      return { named, rows }
    })
  )

  const scores = baselines(data, used)
  const journal = yield* stepRows(session.directory)
  const reading = { trace: Selectors.mean, step: Selectors.mean, detector: Readings.lowest }
  const others = data.models.length - 1
  const ns = [1, 2, 4, others].filter((n, i, all) => n <= others && all.indexOf(n) === i)
  const methods = learned.map(
    ({ named, rows }): Method => ({
      ...measure({ rows, reading, ns, ks: ns, scores }),
      key: named.key,
      label: `${named.label} reward`,
      kind: "reward",
      curves: Curves.offlineCurves(journal.get(`reward-${named.key}`) ?? []),
      criticHealth: []
    })
  )
  const first = learned[0]?.rows ?? []
  const report: ReportData = {
    title: "Reranking language models' reasoning",
    description: `Completions of ${others} language models on ${chosen.size} test questions, reranked by a reward that was learned from scratch: it was shown right traces of ${expert} as the expert's and the other models' traces of the same training questions as negatives.`,
    task: task.name,
    seed,
    config: [...settings(config)],
    methods,
    heatStrips: [],
    tables: [
      separationTable([
        ...learned.map(({ named, rows }) => ({
          label: `${named.label} reward`,
          of: TraceScores.reward(reading.trace),
          rows
        })),
        ...Object.entries(scores).map(([label, of]) => ({ label, of, rows: first }))
      ])
    ],
    notes: [
      `Traces are cut to the last ${plan.promptTokens} tokens of the prompt and the first ${plan.completionTokens} of the completion; baselines see whole texts.`,
      "Experts and negatives are written by different models, so style alone separates them: what the reward adds is what it ranks better than the surface and length baselines.",
      "The pick is among different models' completions; random is their mean accuracy."
    ],
    wallSeconds: session.wallSeconds(),
    peakMemoryBytes: session.peakMemoryBytes()
  }
  yield* publish(session.directory, report, options)
})
