import { type Outcome, Outcomes } from "../data/index.ts"
import type { ChoiceTrace } from "./choiceTrace.ts"

/** Who plays the expert. */
export interface ExpertChoice {
  /**
   * Default: the model with the highest accuracy on the training questions, of those that most of their completions
   * could be demonstrations of (a model may answer well without showing its reasoning).
   */
  readonly model?: string
  /** Whether to keep only right demonstrations. That lets gold answers choose the demonstrations. Default false. */
  readonly correctOnly?: boolean
  /** Characters of reasoning that a demonstration must have. Default 40. */
  readonly minTrace?: number
}

/** How one model's completions were read and how they fare. Shares are of all n completions. */
export interface ModelReport {
  readonly model: string
  readonly n: number
  /** An answer that could not be read counts as wrong. */
  readonly accuracy: number
  /** Share of completions whose answer was read by each rule. */
  readonly readBy: Readonly<Record<ChoiceTrace["rule"], number>>
  readonly ranOn: number
  readonly cutOff: number
  /** Share with a readable answer and as much reasoning as a demonstration must have. */
  readonly usable: number
  /** Accuracy of the answers read by each rule; undefined for a rule that read none. */
  readonly accuracyBy: Readonly<Record<ChoiceTrace["rule"], number | undefined>>
}

interface Judged {
  readonly model: string
  readonly outcome: Outcome
  readonly read: ChoiceTrace
}

const rules: ReadonlyArray<ChoiceTrace["rule"]> = ["stated", "labelled", "concluded", "none"]

const share = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean): number =>
  items.length === 0 ? 0 : items.filter(holds).length / items.length

const isRight = ({ outcome }: Judged): boolean => Outcomes.isCorrect(outcome) === true

/** Share of usable completions that the default expert must have. */
const MOSTLY = 0.8

/** Whether a completion shows a readable answer and enough reasoning to be a demonstration. */
export const isUsable = ({ answer, trace }: ChoiceTrace, { minTrace = 40 }: ExpertChoice): boolean =>
  answer !== undefined && trace.length >= minTrace

/** The default expert: the most accurate of the mostly usable models, else the most accurate. */
export const strongest = (reports: ReadonlyArray<ModelReport>): string | undefined =>
  (reports.find((r) => r.usable >= MOSTLY) ?? reports[0])?.model

/** The models' reports, the most accurate first, ties by name. */
export const modelReports = (
  candidates: ReadonlyArray<Judged>,
  choice: ExpertChoice = {}
): ReadonlyArray<ModelReport> => {
  const byModel = Map.groupBy(candidates, (c) => c.model)
  const table = <A>(value: (rule: ChoiceTrace["rule"]) => A) => ({
    stated: value("stated"),
    labelled: value("labelled"),
    concluded: value("concluded"),
    none: value("none")
  })
  return [...byModel]
    .map(([model, own]): ModelReport => {
      const of = new Map(rules.map((rule) => [rule, own.filter((c) => c.read.rule === rule)]))
      return {
        model,
        n: own.length,
        accuracy: share(own, isRight),
        readBy: table((rule) => share(own, (c) => c.read.rule === rule)),
        ranOn: share(own, (c) => c.read.ranOn),
        cutOff: share(own, (c) => c.read.cutOff),
        usable: share(own, (c) => isUsable(c.read, choice)),
        accuracyBy: table((rule) => {
          const read = of.get(rule) ?? []
          return read.length === 0 ? undefined : share(read, isRight)
        })
      }
    })
    .sort((a, b) => b.accuracy - a.accuracy || (a.model < b.model ? -1 : 1))
}
