import { Effect } from "effect"
import { Problems, type ResultRow, schemaVersion } from "../../core/data/index.ts"
import { Selectors } from "../../core/evaluation/index.ts"
import type { Method, ReportData } from "../../core/figure/report/index.ts"
import { type Negative, Units } from "../../core/learner/index.ts"
import { TraceScores } from "../../core/result/index.ts"
import { Granularities } from "../../core/reward/index.ts"
import { type Candidate, type MmluPro, mmluPro as readMmluPro } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import type { QuickstartOptions } from "../commands/index.ts"
import { measure, Readings, storedRows, type TrainedReward, unitRewards } from "../evaluate/index.ts"
import { learnReward, type RewardSettings } from "../reward/index.ts"
import { Curves, configuration, Sessions, settings, stepRows } from "../run/index.ts"
import { Descriptions } from "../savedReward/index.ts"
import { baselines, separationTable } from "./mmluProTables.ts"
import { writeNextSteps } from "./nextSteps.ts"
import { publish } from "./publish.ts"
import { saveReward } from "./saveModels.ts"
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

/** Characters that hold more than the tokens that are kept: encoding all of a text that runs on would be in vain. */
const CHARACTERS_PER_TOKEN = 12

/** The test questions' completions, unscored, for `score` and `evaluate`. */
const CANDIDATES = "eval/candidates.jsonl"

/** Tokens that no prompt is longer than. */
const LONGEST_PROMPT = 100_000

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
        reward_kind: reward.kind,
        ...reward.saved
      })
    )
  )
}

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
  const { directory } = session
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
      const saved = yield* saveReward({ directory, stage: `reward-${named.key}` }, "best_model/reward_model", {
        ...{ task, config: reward.config, params: reward.params, objective: "bce" },
        reading: {
          ...Descriptions.plain,
          granularity: named.granularity.name,
          window: { prompt: plan.promptTokens, completion: plan.completionTokens }
        }
      })
      yield* session.note(`  scoring test completions: ${named.key}`)
      const rows = yield* storedRows(
        session.directory,
        `eval/${named.key}.jsonl`,
        scored({ ...reward, saved }, encode, test)
      )
      return { named, rows }
    })
  )

  yield* storedRows(directory, CANDIDATES, Effect.succeed(test))
  yield* writeNextSteps(directory, {
    dataset: "mmlu",
    seed,
    evaluations: granularities.map(({ key }) => ({
      stage: `reward-${key}`,
      config: {
        dataset: { path: folder },
        model: {
          name: `${directory.path}/reward-${key}`,
          // The rewards read the end of a prompt of any length.
          max_prompt_length: LONGEST_PROMPT,
          max_completion_length: plan.completionTokens
        },
        eval: {
          mode: "pregenerated_policy_and_reward",
          pregenerated_jsonl_path: `${directory.path}/${CANDIDATES}`,
          compute_policy_log_probs: false,
          ks: [1, 2, 4]
        }
      }
    }))
  })

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
