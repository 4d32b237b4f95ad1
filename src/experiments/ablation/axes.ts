import { Advantage, type AdvantageEstimator, Discriminator } from "../../core/objective/index.ts"
import {
  corruptAnswerNearbyNumber,
  corruptNumbers,
  flipOperatorInOneStep,
  Granularities,
  Perturbations
} from "../../core/reward/index.ts"
import type { AblationAxis } from "../commands/index.ts"
import type { NamedGranularity, ReasoningPlan, Recipe } from "../quickstart/index.ts"

type Variants = NonNullable<ReasoningPlan["variants"]>

/** One setting of an axis: its name in files, its name in tables, and what it changes. */
interface Setting {
  readonly key: string
  readonly label: string
  readonly change?: (recipe: Recipe) => Recipe
}

const inPolicy =
  (policy: Partial<Recipe["policy"]>) =>
  (recipe: Recipe): Recipe => ({ ...recipe, policy: { ...recipe.policy, ...policy } })

const inCritic =
  (critic: Partial<Recipe["critic"]>) =>
  (recipe: Recipe): Recipe => ({ ...recipe, critic: { ...recipe.critic, ...critic } })

const replay = (freshShare: number) => (recipe: Recipe) =>
  inCritic({ batch: { ...recipe.critic.batch, freshShare } })(recipe)

/** Step-wise rewards under each setting. */
const settings =
  (list: ReadonlyArray<Setting>): Variants =>
  ({ recipe }, { stepRule }) =>
    list.map(
      ({ key, label, change }): NamedGranularity => ({
        key,
        label,
        granularity: Granularities.stepwise(stepRule),
        ...(change === undefined ? {} : { recipe: change(recipe) })
      })
    )

/** The mean reward of a trace as it is: nothing says what is usual for its prompt. */
const uncentred: AdvantageEstimator = {
  name: "uncentred(mean)",
  estimate: (group) =>
    group.map(({ units, unitOf }) => {
      const mean = units.reduce((sum, x) => sum + x, 0) / Math.max(1, units.length)
      return new Float64Array(unitOf.length).fill(mean)
    })
}

const reference = Perturbations.oneOf([flipOperatorInOneStep, corruptAnswerNearbyNumber, corruptNumbers])

/**
 * The axes of the ablation, each a set of variants of the quickstart's plan. The first variant is the plan itself;
 * only one thing differs from it in each of the others. All but `granularity` learn step-wise rewards.
 */
export const axes: Readonly<Record<AblationAxis, Variants>> = {
  granularity: ({ interval }, { stepRule }) => [
    { key: "stepwise", label: "step-wise", granularity: Granularities.stepwise(stepRule) },
    { key: "sparse", label: "sparse", granularity: Granularities.sparse },
    { key: "interval", label: `interval ${interval}`, granularity: Granularities.interval(interval) },
    { key: "dense", label: "dense", granularity: Granularities.dense }
  ],
  objective: settings([
    { key: "smooth-10", label: "BCE, smoothing 0.1" },
    {
      key: "smooth-0",
      label: "BCE, no smoothing",
      change: inCritic({ objective: Discriminator.bce({ labelSmoothing: 0 }) })
    },
    {
      key: "smooth-25",
      label: "BCE, smoothing 0.25",
      change: inCritic({ objective: Discriminator.bce({ labelSmoothing: 0.25 }) })
    },
    {
      key: "traces",
      label: "BCE, each trace weighs the same",
      change: inCritic({ objective: Discriminator.bce({ labelSmoothing: 0.1, average: "traces" }) })
    },
    {
      key: "pairwise",
      label: "Bradley-Terry pairs of traces",
      change: inCritic({ objective: Discriminator.pairwise({ margin: 0 }) })
    },
    {
      key: "wgan",
      label: "Wasserstein, gradient penalty 10",
      change: inCritic({ objective: Discriminator.wgan({ gradientPenalty: 10 }) })
    }
  ]),
  perturbation: settings([
    { key: "own", label: "wrong equations of the task" },
    { key: "reference", label: "operator, number or answer", change: inCritic({ perturbation: reference }) },
    { key: "none", label: "none", change: inCritic({ perturbation: "none" }) }
  ]),
  switching: settings([
    { key: "off", label: "off" },
    { key: "on", label: "right rollouts become experts'", change: inCritic({ switchLabels: true }) }
  ]),
  kl: settings([
    { key: "kl-002", label: "β = 0.02" },
    { key: "kl-0", label: "β = 0", change: inPolicy({ klCoefficient: 0 }) },
    { key: "kl-01", label: "β = 0.1", change: inPolicy({ klCoefficient: 0.1 }) }
  ]),
  replay: settings([
    { key: "half", label: "half of the rollouts fresh" },
    { key: "fresh", label: "all fresh, no replay", change: replay(1) },
    { key: "past", label: "1 of 8 fresh", change: replay(0.125) }
  ]),
  advantage: settings([
    { key: "mean", label: "group-relative, mean of the units" },
    {
      key: "min",
      label: "group-relative, lowest unit",
      change: inPolicy({
        advantage: Advantage.groupRelative({ select: (units) => Math.min(...units), selector: "min" })
      })
    },
    { key: "discounted-0", label: "discounted, γ = 0", change: inPolicy({ advantage: Advantage.discounted(0) }) },
    { key: "discounted-09", label: "discounted, γ = 0.9", change: inPolicy({ advantage: Advantage.discounted(0.9) }) },
    {
      key: "average-dense",
      label: "group-relative, mean of the tokens",
      change: inPolicy({ advantage: Advantage.averageDense() })
    },
    {
      key: "leave-one-out",
      label: "leave-one-out, γ = 0.9",
      change: inPolicy({ advantage: Advantage.leaveOneOut({ gamma: 0.9 }) })
    },
    {
      key: "unit-relative",
      label: "unit-relative, γ = 1",
      change: inPolicy({ advantage: Advantage.unitRelative({ gamma: 1 }) })
    },
    { key: "uncentred", label: "the trace's mean as it is", change: inPolicy({ advantage: uncentred }) }
  ]),
  errors: settings([
    { key: "errors-0", label: "none" },
    { key: "errors-10", label: "in 10% of the experts' traces", change: inCritic({ expertErrors: 0.1 }) },
    { key: "errors-25", label: "in 25% of the experts' traces", change: inCritic({ expertErrors: 0.25 }) }
  ]),
  group: settings([
    { key: "group-8", label: "8 completions a prompt" },
    { key: "group-4", label: "4 completions a prompt", change: inPolicy({ generations: 4 }) },
    { key: "group-16", label: "16 completions a prompt", change: inPolicy({ generations: 16 }) }
  ]),
  clip: settings([
    { key: "clip-5", label: "rewards within ±5" },
    { key: "clip-1", label: "rewards within ±1", change: inCritic({ clamp: [-1, 1] }) },
    { key: "clip-3", label: "rewards within ±3", change: inCritic({ clamp: [-3, 3] }) },
    { key: "clip-10", label: "rewards within ±10", change: inCritic({ clamp: [-10, 10] }) }
  ]),
  critic: settings([
    { key: "co-trained", label: "trained along with the policy" },
    { key: "fixed", label: "left as the warm-up made it", change: inCritic({ updates: 0 }) }
  ])
}
