import {
  areaUnderRiskCoverage,
  crossCalibrate,
  expectedCalibrationError,
  passAtK,
  pearsonMatrix,
  platt,
  promptContrast,
  Resamplings,
  reliabilityBins,
  riskCoverageCurve,
  type ScoredPool,
  successAtK,
  welch
} from "../../core/evaluation/index.ts"
import {
  correlationDrawing,
  type Drawing,
  Drawings,
  type MeasuredLine,
  measuredCurve,
  reliabilityDiagram,
  rerankerLabel,
  riskCoverageFigure,
  scoreDensity
} from "../../core/figure/index.ts"
import type { PromptPool } from "../../core/result/index.ts"
import type { MethodName } from "./Job.ts"
import { mostGenerations, type RunResults, scored } from "./RunResults.ts"

/** Names in print. */
export const methodLabels: Readonly<Record<MethodName, string>> = {
  airl: "Expert reasoning (reward)",
  sft: "SFT",
  grpo: "Outcome supervision (GRPO)"
}

/** pass@k and success@k are shown at these. */
export const usualKs = [1, 3, 5, 10]

const { standard } = Resamplings

const passAtKDrawing = ({ methods, ks, label }: RunResults): Drawing => {
  const lines = (["grpo", "airl", "sft"] as const).flatMap((method): ReadonlyArray<MeasuredLine> => {
    const own = methods[method]
    if (own === undefined) return []
    const correct = own.pools.map((pool) => pool.correct)
    const values = ks.filter((k) => k <= mostGenerations(own.pools))
    return [
      {
        key: method,
        label: methodLabels[method],
        values: values.map((k) => ({ x: k, value: passAtK(correct, k, standard) }))
      }
    ]
  })
  return Drawings.ofFigure(
    measuredCurve(lines, {
      id: "pass_at_k_all",
      title: "pass@k",
      says: `Share of prompts solved by at least one of k completions, ${label}, unbiased`,
      x: "completions k",
      y: { label: "pass@k", format: "percent" }
    })
  )
}

const givenNDrawing = ({ selector, ks, label }: RunResults, pools: ReadonlyArray<PromptPool>, n: number): Drawing => {
  const shown = ks.filter((k) => k <= n)
  const rewarded = scored(pools, "reward")
  const correct = pools.filter((pool) => pool.correct.length >= n).map((pool) => pool.correct)
  return Drawings.ofFigure(
    measuredCurve(
      [
        {
          key: "reward",
          label: "Reward reranker",
          values: shown.map((k) => ({ x: k, value: successAtK(rewarded, k, n, standard) }))
        },
        {
          key: "random",
          label: "Random ranking",
          values: shown.map((k) => ({ x: k, value: passAtK(correct, k, standard) }))
        }
      ],
      {
        id: `pass_atkN_expert_${n}`,
        title: `pass@k given ${n}`,
        says: `Share of prompts with a correct completion among the k of ${n} that the reward (${selector}) ranks first, ${label}, over all subsets of ${n}; random: expected`,
        x: "completions k",
        y: { label: `pass@k given ${n}`, format: "percent" }
      }
    )
  )
}

const drawn = ["random", "logProb", "majority", "reward", "weightedMajority"]

const rerankingDrawing = ({ selector, reranking, label }: RunResults): Drawing => {
  const lines = drawn.map((name) => ({
    key: name,
    label: rerankerLabel(name),
    values: reranking.filter(({ reranker }) => reranker === name).map(({ n, accuracy }) => ({ x: n, value: accuracy }))
  }))
  return Drawings.ofFigure(
    measuredCurve(
      lines.filter(({ values }) => values.some(({ value }) => value._tag === "Estimate")),
      {
        id: "reranking_compact",
        title: "Best of n",
        says: `Share of prompts where the completion picked among n is correct, ${label}, reward: ${selector}, over all subsets of n, ties by expectation`,
        x: "completions n",
        y: { label: "best-of-n", format: "percent" }
      }
    )
  )
}

const split = (
  pools: ReadonlyArray<ScoredPool>,
  isFirst: (pool: ScoredPool, i: number) => boolean
): readonly [ReadonlyArray<number>, ReadonlyArray<number>] => {
  const pick = (first: boolean) =>
    pools.flatMap((pool) => pool.scores.filter((score, i) => Number.isFinite(score) && isFirst(pool, i) === first))
  return [pick(true), pick(false)]
}

const distribution = (
  pools: ReadonlyArray<ScoredPool>,
  of: {
    readonly id: string
    readonly title: string
    readonly score: string
    readonly labels: readonly [string, string]
  }
): Drawing => {
  const [first, second] = split(pools, ({ correct }, i) => correct[i]!)
  return Drawings.ofFigure(
    scoreDensity({
      id: of.id,
      title: of.title,
      score: of.score,
      groups: [
        { key: "correct", label: of.labels[0], scores: first },
        { key: "wrong", label: of.labels[1], scores: second }
      ],
      contrast: promptContrast(pools, standard),
      welch: welch(first, second)
    })
  )
}

/** The reward by another property in the place of correctness. */
const byFormat = (pools: ReadonlyArray<PromptPool>): ReadonlyArray<ScoredPool> =>
  pools.flatMap(({ scores }) =>
    scores["reward"] === undefined || scores["strict"] === undefined
      ? []
      : [{ scores: scores["reward"], correct: scores["strict"].map((value) => value > 0) }]
  )

const correlation = (pools: ReadonlyArray<PromptPool>, selector: string): Drawing => {
  const columns = { reward: "reward", xml: "XML count", strict: "strict format" } as const
  const present = (Object.keys(columns) as ReadonlyArray<keyof typeof columns>).filter((name) =>
    pools.every(({ scores }) => scores[name] !== undefined)
  )
  const matrix = pearsonMatrix({
    ...Object.fromEntries(
      present.map((name) => [
        name === "reward" ? `reward (${selector})` : columns[name],
        pools.flatMap(({ scores }) => scores[name]!)
      ])
    ),
    correct: pools.flatMap(({ correct }) => correct.map(Number))
  })
  const completions = pools.reduce((n, { correct }) => n + correct.length, 0)
  return correlationDrawing(matrix, { id: "reward_correlation_matrix", title: "Correlations", completions })
}

const reliability = (pools: ReadonlyArray<ScoredPool>): Drawing => {
  const fitted = crossCalibrate(platt, pools)
  return Drawings.ofFigure(
    reliabilityDiagram(
      [
        {
          key: "reward",
          label: "reward",
          bins: reliabilityBins(fitted),
          calibrationError: expectedCalibrationError(fitted, standard)
        }
      ],
      { id: "reliability", title: "Reliability", fitted: "Platt scaling, each half of the prompts fitted on the other" }
    )
  )
}

const riskCoverage = (pools: ReadonlyArray<PromptPool>): Drawing => {
  const lines = (["reward", "logProb"] as const).flatMap((key) => {
    const own = scored(pools, key)
    return own.length === 0
      ? []
      : [{ key, label: rerankerLabel(key), curve: riskCoverageCurve(own), area: areaUnderRiskCoverage(own, standard) }]
  })
  return Drawings.ofFigure(riskCoverageFigure(lines, { id: "risk_coverage", title: "Risk and coverage" }))
}

/** Every figure of a run but those of tokens. What needs a reward is left out where no completion has one. */
export const mainDrawings = (run: RunResults): ReadonlyArray<Drawing> => {
  const pools = run.methods.airl?.pools ?? []
  const rewarded = scored(pools, "reward")
  const score = `reward (${run.selector})`
  return [
    passAtKDrawing(run),
    rerankingDrawing(run),
    ...(rewarded.length === 0
      ? []
      : [
          ...run.ns.map((n) => givenNDrawing(run, pools, n)),
          distribution(rewarded, {
            ...{ id: "correctness_reward_distribution", title: "Reward by correctness", score },
            labels: ["correct", "wrong"]
          }),
          correlation(pools, run.selector),
          reliability(rewarded),
          riskCoverage(pools)
        ]),
    ...(byFormat(pools).length === 0
      ? []
      : [
          distribution(byFormat(pools), {
            ...{ id: "format_rewards", title: "Reward by format", score },
            labels: ["well-formed", "malformed"]
          })
        ])
  ]
}
