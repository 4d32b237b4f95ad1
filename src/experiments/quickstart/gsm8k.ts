import { Effect } from "effect"
import type { Problem, ResultRow } from "../../core/data/index.ts"
import { Selectors } from "../../core/evaluation/index.ts"
import type { Table } from "../../core/figure/index.ts"
import type { Method, ReportData } from "../../core/figure/report/index.ts"
import type { Negative } from "../../core/learner/index.ts"
import {
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  flipOperatorInOneStep,
  Granularities,
  Perturbations
} from "../../core/reward/index.ts"
import { gsm8k as readGsm8k, type Split, type Task, Tasks } from "../../core/task/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import type { QuickstartOptions } from "../commands/index.ts"
import { generate, measure, Readings, scoreRows, storedRows, unitRewards } from "../evaluate/index.ts"
import { learnReward, type RewardSettings } from "../reward/index.ts"
import { Curves, configuration, type Session, Sessions, settings, stepRows } from "../run/index.ts"
import { Descriptions } from "../savedReward/index.ts"
import type { SavedPolicy } from "./assess.ts"
import { type Contest, mean, policyLogProbs, type ScoreTraces, separation } from "./contests.ts"
import { writeNextSteps } from "./nextSteps.ts"
import { publish } from "./publish.ts"
import type { Recipe } from "./Recipe.ts"
import { savePolicy, saveReward } from "./saveModels.ts"
import { learnSft, type NamedGranularity, type Prepared, perturbing, prepare } from "./stages.ts"

/** How much of the data is used, and how policy and reward are learned. */
export interface Gsm8kPlan {
  /** Longest prompt with its demonstration, in tokens; longer ones are left out, and how many is said. */
  readonly contextTokens: number
  readonly trainProblems: number
  readonly validationProblems: number
  readonly testProblems: number
  /** Training problems that the policy answers once, as negatives. */
  readonly rollouts: number
  /** Completions of each test problem. */
  readonly generations: number
  readonly recipe: Pick<Recipe, "model" | "sft" | "spareTokens">
  readonly reward: RewardSettings
}

const perturbation = Perturbations.oneOf([
  flipOperatorInOneStep,
  corruptNumbers,
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber
])

/** The first `n` demonstrations of a split that fit the context, with their problems alone. */
const limited = (task: Task, { demonstrations }: Split, n: number, contextTokens: number): Split => {
  const fitting = demonstrations.filter((demonstration) => {
    const { prompt, completion } = Tasks.encodeDemonstration(task, demonstration)
    return prompt.length + completion.length <= contextTokens
  })
  const kept = fitting.slice(0, n)
  return { demonstrations: kept, problems: kept.map(({ problem }) => problem) }
}

const rowsOf = (
  prepared: Prepared,
  session: Session,
  name: string,
  { params, saved }: SavedPolicy,
  of: { readonly problems: ReadonlyArray<Problem>; readonly generations: number }
) =>
  storedRows(
    session.directory,
    `eval/${name}.jsonl`,
    Effect.andThen(
      session.note(`  sampling: ${name}`),
      Effect.map(
        generate({
          task: prepared.task,
          problems: of.problems,
          config: prepared.config,
          params,
          generations: of.generations,
          sampling: prepared.sampling,
          seed: prepared.seed
        }),
        (rows) => rows.map((row) => ({ ...row, ...saved }))
      )
    )
  )

/** The task cut to the plan's sizes, and the demonstrations that were too long for its context. */
const cut = (task: Task, plan: Gsm8kPlan): { readonly task: Task; readonly tooLong: number } => {
  const { train, validation, test } = task.splits
  const all = train.demonstrations.length
  const fits = limited(task, train, Number.POSITIVE_INFINITY, plan.contextTokens)
  const splits = {
    train: {
      demonstrations: fits.demonstrations.slice(0, plan.trainProblems),
      problems: fits.problems.slice(0, plan.trainProblems)
    },
    validation: limited(task, validation, plan.validationProblems, plan.contextTokens),
    test: limited(task, test, plan.testProblems, plan.contextTokens)
  }
  return { task: { ...task, splits }, tooLong: all - fits.demonstrations.length }
}

/**
 * SFT and a reward on human solutions of school word problems: the policy imitates them, the reward learns to tell
 * them from the policy's own and from perturbed ones, and both are measured on held-out problems.
 */
export const gsm8k = Effect.fnUntraced(function* (options: QuickstartOptions, plan: Gsm8kPlan) {
  const { seed } = options
  const folder = options.data ?? ""
  const { task, tooLong } = cut(yield* readGsm8k({ folder, seed, validation: plan.validationProblems }), plan)
  const prepared = prepare(task, plan.recipe, seed, perturbation)
  const granularities: ReadonlyArray<NamedGranularity> = [
    { key: "sparse", label: "sparse", granularity: Granularities.sparse },
    { key: "stepwise", label: "step-wise", granularity: Granularities.stepwise(task.stepRule) }
  ]
  const config = { task: task.name, data: folder, seed, plan: configuration(plan) }
  const session = yield* Sessions.open(options, { config }, [
    { stage: "sft", steps: plan.recipe.sft.steps },
    ...granularities.map(({ key }) => ({ stage: `reward-${key}`, steps: plan.reward.steps }))
  ])
  if (tooLong > 0)
    yield* session.note(`${tooLong} demonstrations are longer than ${plan.contextTokens} tokens and were left out.`)

  const { directory } = session
  const sft = yield* learnSft(prepared, session)
  const saved = yield* savePolicy({ directory, stage: "sft" }, { task, config: prepared.config, params: sft })
  const policy: SavedPolicy = { params: sft, saved }
  const { train, validation, test } = task.splits
  const drawn = yield* rowsOf(prepared, session, "rollouts", policy, {
    problems: train.problems.slice(0, plan.rollouts),
    generations: 1
  })
  const heldRows = yield* rowsOf(prepared, session, "validation", policy, {
    problems: validation.problems,
    generations: 1
  })
  const testRows = yield* rowsOf(prepared, session, "sft", policy, {
    problems: test.problems,
    generations: plan.generations
  })
  const negativesOf = (rows: ReadonlyArray<ResultRow>, problems: ReadonlyArray<Problem>) => {
    const index = new Map(problems.map(({ id }, i) => [id, i]))
    return rows.map((row): Negative => {
      const demonstration = index.get(row.prompt_id ?? "") ?? -1
      const problem = problems[demonstration]
      return {
        prompt: problem === undefined ? [] : task.tokenizer.encode(task.renderPrompt(problem)),
        completion: row.token_ids ?? [],
        demonstration
      }
    })
  }
  const perturbValidation = perturbing(prepared, "validation")
  const heldOut = {
    demonstrations: prepared.validation,
    negatives: {
      policy: negativesOf(heldRows, validation.problems),
      perturbed: prepared.validation.flatMap(({ prompt }, i) => {
        const completion = perturbValidation(Rng.make(seed, "held-out", "perturbed", i), i)
        return completion === undefined ? [] : [{ prompt, completion }]
      })
    }
  }

  const perturbTest = perturbing(prepared, "test")
  const policyTraces = Map.groupBy(negativesOf(testRows, test.problems), ({ demonstration }) => demonstration)
  const experts = test.demonstrations.map((d) => Tasks.encodeDemonstration(task, d))
  const againstPolicy = experts.map((expert, i): Contest => ({ expert, others: policyTraces.get(i) ?? [] }))
  const againstPerturbed = experts.flatMap((expert, i): ReadonlyArray<Contest> => {
    const completion = perturbTest(Rng.make(seed, "test", "perturbed", i), i)
    return completion === undefined ? [] : [{ expert, others: [{ prompt: expert.prompt, completion }] }]
  })
  const compare = <E, R>(label: string, score: ScoreTraces<E, R>) =>
    Effect.map(
      Effect.all([separation(againstPolicy, score), separation(againstPerturbed, score)]),
      ([[within, pooled], [pairs]]): Table["rows"][number] => [label, within, pooled, pairs]
    )

  const reading = { trace: Selectors.mean, step: Selectors.mean, detector: Readings.lowest }
  const promptIds = new Map(
    test.problems.map((problem) => [problem.id, task.tokenizer.encode(task.renderPrompt(problem))])
  )
  const learned = yield* Effect.forEach(granularities, (named) =>
    Effect.gen(function* () {
      const reward = yield* learnReward(session, {
        name: `reward-${named.key}`,
        seed,
        granularity: named.granularity,
        traces: {
          tokenizer: task.tokenizer,
          demonstrations: prepared.train,
          rollouts: negativesOf(drawn, train.problems),
          perturb: perturbing(prepared, "train"),
          heldOut
        },
        settings: plan.reward,
        contextLength: prepared.config.max_position_embeddings
      })
      const kept = yield* saveReward({ directory, stage: `reward-${named.key}` }, "best_model/reward_model", {
        ...{ task, config: reward.config, params: reward.params, objective: "bce" },
        reading: { ...Descriptions.plain, granularity: named.granularity.name }
      })
      const rows = yield* storedRows(
        session.directory,
        `eval/sft-by-${named.key}.jsonl`,
        scoreRows({ ...reward, saved: kept }, testRows, (row) => promptIds.get(row.prompt_id ?? "") ?? [])
      )
      const contest = yield* compare(`${named.label} reward`, (sequences) =>
        Effect.map(unitRewards(reward, sequences), (rewards) => rewards.map(({ units }) => reading.trace.select(units)))
      )
      return { named, rows, contest }
    })
  )
  const baselines = [
    yield* compare("log-prob under SFT", (sequences) =>
      Effect.map(policyLogProbs(prepared, sft, sequences), (rows) => rows.map(mean))
    ),
    yield* compare("length (short)", (sequences) =>
      Effect.succeed(sequences.map(({ completion }) => -completion.length))
    )
  ]

  yield* writeNextSteps(directory, {
    dataset: "gsm8k",
    seed,
    evaluations: granularities.map(({ key }) => ({
      stage: `reward-${key}`,
      config: {
        dataset: { path: folder },
        model: {
          name: `${directory.path}/sft`,
          max_prompt_length: prepared.longestPrompt,
          max_completion_length: prepared.sampling.maxTokens
        },
        eval: { n_samples: plan.generations, top_p: 1, ks: [1, 2, 4], max_problems: plan.testProblems }
      }
    }))
  })

  const journal = yield* stepRows(session.directory)
  const scores = { length: (row: ResultRow) => -row.generation.content.length }
  const bare = { localisation: [], rerank: [], rewardBins: [], criticHealth: [] }
  const ns = [1, 2, 4, 8].filter((n) => n <= plan.generations)
  const report: ReportData = {
    title: "A reward learned from human solutions",
    description: `School word problems with human solutions. A small policy imitates ${train.demonstrations.length} of them; the reward learns to tell them from the policy's own traces and from perturbed ones.`,
    task: task.name,
    seed,
    config: [...settings(config)],
    methods: [
      {
        ...bare,
        key: "sft",
        label: "SFT",
        kind: "sft",
        ...measure({ rows: testRows, reading, ks: ns, ns, scores }),
        curves: Curves.sftCurves(journal.get("sft") ?? [])
      },
      ...learned.map(
        ({ named, rows }): Method => ({
          ...bare,
          key: named.key,
          label: `${named.label} reward on SFT samples`,
          kind: "reward",
          ...measure({ rows, reading, ks: ns, ns, scores }),
          curves: Curves.offlineCurves(journal.get(`reward-${named.key}`) ?? [])
        })
      )
    ],
    heatStrips: [],
    tables: [
      {
        id: "expert-separation",
        title: "Held-out experts against other traces",
        caption:
          "AUROC of test problems' human solutions against the policy's completions of the same problem, and against perturbed versions of themselves; .5 is chance. Trace score: mean of the units.",
        columns: [
          { key: "score", label: "score", format: "number" },
          { key: "policy-within", label: "against policy, within problem", format: "percent" },
          { key: "policy-pooled", label: "against policy, pooled", format: "percent" },
          { key: "perturbed", label: "against perturbed, paired", format: "percent" }
        ],
        rows: [...learned.map(({ contest }) => contest), ...baselines]
      }
    ],
    notes: [
      "A decoder this small solves next to none of these problems: its own traces are fluent and wrong, and telling them from human ones is no proof of judging reasoning. The column against perturbed traces is the harder test.",
      `${tooLong} of the training demonstrations do not fit ${plan.contextTokens} tokens and were left out.`
    ],
    wallSeconds: session.wallSeconds(),
    peakMemoryBytes: session.peakMemoryBytes()
  }
  yield* publish(session.directory, report, options)
})
