import { Effect } from "effect"
import type { ResultRow } from "../../core/data/index.ts"
import type { Method, ReportData } from "../../core/figure/report/index.ts"
import type { Params } from "../../core/learner/index.ts"
import { arithmeticPerturbation, Granularities } from "../../core/reward/index.ts"
import type { PlannedStage } from "../../core/run/index.ts"
import { type ArithmeticDifficulty, arithmetic, type Task } from "../../core/task/index.ts"
import type { QuickstartOptions } from "../commands/index.ts"
import { heatStrips, measure } from "../evaluate/index.ts"
import { Curves, configuration, Sessions, settings, stepRows } from "../run/index.ts"
import { Descriptions } from "../savedReward/index.ts"
import { readReward, scoredRows, testRows, verdictOf } from "./assess.ts"
import { publish } from "./publish.ts"
import type { Recipe } from "./Recipe.ts"
import { type RewardPlace, savePolicy, saveReward } from "./saveModels.ts"
import {
  airlName,
  learnAirl,
  learnGrpo,
  learnSft,
  type NamedGranularity,
  type Prepared,
  prepare,
  preparedFor,
  rewardModelOf
} from "./stages.ts"

/** What the generated task holds, and which granularities are learned. */
export interface ReasoningPlan {
  readonly recipe: Recipe
  readonly sizes: {
    readonly train: number
    readonly unlabelled: number
    readonly validation: number
    readonly test: number
  }
  /** How hard the problems are. */
  readonly difficulty: ArithmeticDifficulty
  readonly interval: number
  /** What is learned and compared: the four granularities where absent. */
  readonly variants?: (plan: ReasoningPlan, task: Task) => ReadonlyArray<NamedGranularity>
  /** Whether GRPO with the true outcome runs too, for reference; true by default. */
  readonly withGrpo?: boolean
}

/** The four granularities of the quickstart. */
const fourGranularities = ({ interval }: ReasoningPlan, { stepRule }: Task): ReadonlyArray<NamedGranularity> => [
  { key: "sparse", label: "sparse", granularity: Granularities.sparse },
  { key: "stepwise", label: "step-wise", granularity: Granularities.stepwise(stepRule) },
  { key: "interval", label: `interval ${interval}`, granularity: Granularities.interval(interval) },
  { key: "dense", label: "dense", granularity: Granularities.dense }
]

const stageSeconds = { sft: 0.1, warmup: 0.15, policy: 1 } as const

const planOf = (
  { sft, critic, policy, grpo }: Recipe,
  granularities: ReadonlyArray<NamedGranularity>,
  withGrpo: boolean
) => [
  { stage: "sft", steps: sft.steps, secondsPerStep: stageSeconds.sft },
  ...granularities.map(({ key }): PlannedStage => {
    const steps = critic.warmupUpdates + policy.steps
    const seconds = critic.warmupUpdates * stageSeconds.warmup + policy.steps * stageSeconds.policy
    return { stage: airlName(key), steps, secondsPerStep: seconds / Math.max(1, steps) }
  }),
  ...(withGrpo ? [{ stage: "grpo", steps: grpo.steps ?? policy.steps, secondsPerStep: stageSeconds.policy }] : [])
]

const bare = { localisation: [], rerank: [], rewardBins: [], criticHealth: [], curves: [] }

/**
 * The whole path on generated arithmetic: an SFT policy from nothing, a reward and a policy by AIRL for each
 * granularity, GRPO with the true outcome for reference; then pass@k, reranking and localisation of all of them.
 */
export const reasoning = Effect.fnUntraced(function* (options: QuickstartOptions, plan: ReasoningPlan) {
  const { recipe, sizes, interval, difficulty } = plan
  const { seed } = options
  const task = arithmetic({ seed, ...sizes, difficulty })
  const { variants = fourGranularities, withGrpo = true } = plan
  const granularities = variants(plan, task)
  const prepared = prepare(task, recipe, seed, arithmeticPerturbation())
  const departures = granularities.flatMap((v) => (v.recipe === undefined ? [] : [[v.key, configuration(v.recipe)]]))
  const config = {
    task: task.name,
    seed,
    interval,
    ...sizes,
    difficulty: configuration(difficulty),
    recipe: configuration(recipe),
    ...(departures.length === 0 ? {} : { variants: Object.fromEntries(departures) })
  }
  const session = yield* Sessions.open(options, { config }, planOf(recipe, granularities, withGrpo))
  const steps = verdictOf(prepared)

  const { directory } = session
  const policyOf = (stage: string, params: Params) =>
    Effect.map(savePolicy({ directory, stage }, { task, config: prepared.config, params }), (saved) => ({
      params,
      saved
    }))
  const criticOf = (
    within: RewardPlace,
    { key, granularity }: NamedGranularity,
    own: Prepared<Recipe>,
    params: Params
  ) =>
    Effect.map(
      saveReward({ directory, stage: airlName(key) }, within, {
        ...{ task, config: own.config, params, objective: own.recipe.critic.objective.name },
        reading: { ...Descriptions.plain, granularity: granularity.name }
      }),
      (saved) => ({ params, saved })
    )

  const sft = yield* learnSft(prepared, session)
  const sftRows = yield* testRows(prepared, session, "sft", yield* policyOf("sft", sft))

  const learned = yield* Effect.forEach(granularities, (named) =>
    Effect.gen(function* () {
      const own = preparedFor(prepared, named)
      const { policy, critic, warmCritic } = yield* learnAirl(own, session, sft, named)
      const model = rewardModelOf(own, sft, named.key)
      const drawing = yield* policyOf(airlName(named.key), policy)
      const lastCritic = yield* criticOf("best_model/reward_model", named, own, critic)
      const firstCritic = yield* criticOf("reward_model_warmup", named, own, warmCritic)
      // The last critic knows the last policy; the warmed-up one knows SFT, so each scores the policy it was fit to.
      const last = yield* readReward(own, model, lastCritic, named)
      const warm = yield* readReward(own, model, firstCritic, named)
      const drawn = yield* testRows(own, session, `drawn-${named.key}`, drawing)
      return {
        named,
        own: yield* scoredRows(prepared, session, `airl-${named.key}`, last.reward, drawn),
        ownReading: last.reading,
        sft: yield* scoredRows(prepared, session, `sft-by-${named.key}`, warm.reward, sftRows),
        sftReading: warm.reading
      }
    })
  )
  const grpoRows = withGrpo
    ? yield* testRows(prepared, session, "grpo", yield* policyOf("grpo", yield* learnGrpo(prepared, session, sft)))
    : undefined

  const rows = yield* stepRows(session.directory)
  const of = (stage: string) => rows.get(stage) ?? []
  const plain = learned[0]!.sftReading
  const methods: ReadonlyArray<Method> = [
    {
      ...bare,
      key: "sft",
      label: "SFT",
      kind: "sft",
      ...measure({ rows: sftRows, reading: plain, verdictOf: steps }),
      curves: Curves.sftCurves(of("sft"))
    },
    ...learned.map(
      ({ named, ownReading: reading, own }): Method => ({
        ...bare,
        key: named.key,
        label: `AIRL ${named.label}`,
        kind: "airl",
        ...measure({ rows: own, reading, verdictOf: steps, sft: sftRows }),
        curves: Curves.policyCurves(of(airlName(named.key))),
        criticHealth: Curves.criticHealth(of(airlName(named.key)))
      })
    ),
    ...(grpoRows === undefined
      ? []
      : [
          {
            ...bare,
            key: "grpo",
            label: "GRPO, true outcome",
            kind: "grpo",
            ...measure({ rows: grpoRows, reading: plain, verdictOf: steps, sft: sftRows }),
            curves: Curves.policyCurves(of("grpo"))
          } satisfies Method
        ]),
    ...learned.map(
      ({ named, sftReading: reading, sft: scored }): Method => ({
        ...bare,
        key: named.key,
        label: `${named.label} reward on SFT samples`,
        kind: "reward",
        ...measure({ rows: scored, reading, verdictOf: steps })
      })
    )
  ]
  const promptOf = ({ prompt }: ResultRow): string => prompt.at(-1)?.content ?? ""
  const data: ReportData = {
    title: "A reward learned from expert reasoning",
    description:
      "Chains of small sums told as word problems, each solved by an expert one equation a line. The critic learns to tell the expert's traces from the policy's; it never sees whether an answer is right.",
    task: task.name,
    seed,
    config: [...settings(config)],
    methods: [...methods],
    heatStrips: learned.flatMap(({ named, sftReading: reading, sft: scored }) =>
      named.key === "sparse"
        ? []
        : [
            ...heatStrips({
              rows: scored,
              reading,
              verdictOf: steps,
              title: `${named.label} reward`,
              id: named.key,
              promptOf,
              wrong: 2,
              right: 1
            })
          ]
    ),
    tables: [],
    notes: [
      "A policy's own samples are scored by the critic that was trained along with it; SFT samples by the critic after its warm-up on SFT, before the policy moved.",
      "How a reward is read (which selector, which detector) was chosen on perturbed validation demonstrations.",
      ...(withGrpo ? ["GRPO is given the true outcome of training problems; the other methods are not."] : []),
      ...granularities.flatMap(({ label, recipe }) =>
        recipe?.critic.switchLabels === true
          ? [`${label}: ground truth enters the reward. Rollouts with the right answer count as an expert's.`]
          : []
      )
    ],
    wallSeconds: session.wallSeconds(),
    peakMemoryBytes: session.peakMemoryBytes()
  }
  yield* publish(session.directory, data, options)
})
