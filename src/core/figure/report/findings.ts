import { type Measurement, Measurements } from "../../evaluation/index.ts"
import { detectorLabel, escapeMarkup, rerankerLabel } from "../index.ts"
import { points, valueOnly } from "./html.ts"
import type { Method, ReportData } from "./ReportData.ts"
import { accuracyOf, gainOf } from "./Summary.ts"

/** The n at which the whole report sums up reranking: 8 where any method has it, else the largest. */
export const headlineN = ({ methods }: ReportData): number => {
  const ns = methods.flatMap(({ rerank }) => rerank.map(({ n }) => n))
  return ns.includes(8) ? 8 : Math.max(0, ...ns)
}

/** Methods with a learned reward. */
export const learned = ({ methods }: ReportData): ReadonlyArray<Method> =>
  methods.filter(({ kind }) => kind === "airl" || kind === "reward")

/** The learned reward with the largest gain of its pick over the expected random pick; `undefined` without any. */
export const leader = (data: ReportData): Method | undefined => {
  const gain = (method: Method) => Measurements.value(gainOf(method, "reward", headlineN(data))) ?? -1
  return learned(data).reduce<Method | undefined>(
    (best, method) => (method.rerank.length > 0 && (best === undefined || gain(method) > gain(best)) ? method : best),
    undefined
  )
}

/** The reward's own localisation of a method. */
export const ownLocalisation = (method: Method) => method.localisation.find(({ detector }) => detector === "reward")

const below = (m: Measurement, threshold: number): boolean => Measurements.isEstimate(m) && m.ci95[1] < threshold
const straddles = (m: Measurement, threshold: number): boolean =>
  Measurements.isEstimate(m) && m.ci95[0] <= threshold && m.ci95[1] >= threshold
const less = (a: Measurement, b: Measurement): boolean =>
  Measurements.isEstimate(a) && Measurements.isEstimate(b) && a.value < b.value

const reranking = (method: Method, n: number): ReadonlyArray<string> => {
  if (method.rerank.length === 0) return []
  const gain = gainOf(method, "reward", n)
  const own = accuracyOf(method, "reward", n)
  const rivals = ["logProb", "majority", "length"].filter((rival) => less(own, accuracyOf(method, rival, n)))
  const scoreless = method.rerank.find((row) => row.reranker === "reward" && row.n === n)?.nonFinite ?? 0
  return [
    ...(below(gain, 0) ? [`its pick of ${n} is worse than the expected random pick, ${points(gain)} points`] : []),
    ...(straddles(gain, 0)
      ? [`its pick of ${n} has no measurable gain over the expected random pick, ${points(gain)} points`]
      : []),
    ...rivals.map(
      (rival) =>
        `${escapeMarkup(rerankerLabel(rival))} picks better among ${n}, ${valueOnly(accuracyOf(method, rival, n))} against ${valueOnly(own)} by reward`
    ),
    ...(scoreless > 0 ? [`${scoreless} completions had no finite score and were ranked last`] : [])
  ]
}

const localising = (method: Method): ReadonlyArray<string> => {
  const own = ownLocalisation(method)
  if (own === undefined) return []
  const rivals = method.localisation.filter(({ detector, hitAt1 }) => detector !== "reward" && less(own.hitAt1, hitAt1))
  return [
    ...(below(own.normalised, 0) ? ["its lowest reward finds the first wrong step less often than chance"] : []),
    ...(straddles(own.normalised, 0) ? ["its lowest reward finds the first wrong step no more often than chance"] : []),
    ...rivals.map(
      ({ detector, hitAt1 }) =>
        `${escapeMarkup(detectorLabel(detector))} finds the first wrong step more often, ${valueOnly(hitAt1)} against ${valueOnly(own.hitAt1)}`
    )
  ]
}

const learning = (method: Method): ReadonlyArray<string> => {
  const gain = method.gainOverSft
  const critic = method.criticHealth.at(-1)
  return [
    ...(gain !== undefined && below(gain, 0) ? [`the policy lost pass@1 against SFT, ${points(gain)} points`] : []),
    ...(gain !== undefined && straddles(gain, 0)
      ? [`no measurable change of pass@1 against SFT, ${points(gain)} points`]
      : []),
    ...(critic !== undefined && critic.auroc > 0.98
      ? ["the critic ended by separating nearly everything, which gives the policy no direction"]
      : []),
    ...(critic !== undefined && critic.auroc < 0.55 ? ["the critic ended unable to tell expert from policy"] : [])
  ]
}

/** What speaks against a method when its reward picks among n, as sentence fragments in markup; empty when no comparison does. */
export const weaknesses = (method: Method, n: number): ReadonlyArray<string> => [
  ...learning(method),
  ...reranking(method, n),
  ...localising(method)
]
