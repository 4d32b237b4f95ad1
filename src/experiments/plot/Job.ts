import { Result } from "effect"
import { nearestName } from "../../core/config/index.ts"
import { UsageError } from "../commands/index.ts"
import type { Experiment, Spec } from "./Spec.ts"
import { type TraceSelector, traceSelector, traceSelectors } from "./traceSelectors.ts"

/** Which of the three kinds of run a result belongs to. */
export const methods = ["airl", "sft", "grpo"] as const
export type MethodName = (typeof methods)[number]

/** A run of a method and the names its result file may have. */
export interface RunChoice {
  readonly run: string
  readonly files: ReadonlyArray<string>
}

/** One folder of figures: the runs of one experiment on one domain, read in one way. */
export interface Job {
  readonly domain: string
  readonly root: string
  readonly label: string
  readonly checkpoint: string
  readonly answerOnly: boolean
  /** Name of the selector. */
  readonly selector: string
  readonly runs: Readonly<Partial<Record<MethodName, RunChoice>>>
  readonly output: string
  readonly numGenerations: number
  readonly rerankingGenerations: ReadonlyArray<number>
  readonly tokenFigures: boolean
}

/** What chooses the jobs, beside the specification. */
export interface JobOptions {
  readonly ckpt: string | undefined
  readonly outputRoot: string | undefined
  readonly models: ReadonlyArray<string>
  readonly domains: ReadonlyArray<string>
  readonly variants: ReadonlyArray<string>
  readonly guidedMethod: string
  readonly runTemplates: Readonly<Record<MethodName, string>>
  readonly fileTemplates: Readonly<Record<MethodName, string | undefined>>
  readonly numGenerations: number
  readonly rerankingGenerations: ReadonlyArray<number>
  /** `auto`: the discounted mean where only answers count, else the mean. */
  readonly selectorMode: string
  readonly tokenFigures: boolean
}

/** The file of a model's results where no template says otherwise. */
export const usualFile = "eval_results_{domain}_{model}_{variant}_t0p5.jsonl"

const placeholders = ["domain", "model", "variant", "method"]

const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "")

const badTemplate = (options: JobOptions): UsageError | undefined => {
  const templates = [...Object.values(options.runTemplates), ...Object.values(options.fileTemplates)]
  const unknown = templates
    .flatMap((text) => [...(text ?? "").matchAll(/\{([^}]*)\}/g)].map(([, name]) => name!))
    .find((name) => !placeholders.includes(name))
  return unknown === undefined
    ? undefined
    : new UsageError({
        reason: `A template holds {${unknown}}; it may hold ${placeholders.map((p) => `{${p}}`).join(", ")}.`
      })
}

interface Choice {
  readonly label: string
  readonly runs: Job["runs"]
}

const fromTemplates = (spec: Spec, options: JobOptions, domain: string): ReadonlyArray<Choice> =>
  options.models.flatMap((model) =>
    options.variants.map((variant) => {
      const choice = (method: MethodName): RunChoice => {
        const values = { domain, model, method: options.guidedMethod, variant: method === "airl" ? variant : method }
        return {
          run: filled(options.runTemplates[method], values),
          files: [filled(options.fileTemplates[method] ?? usualFile, values), ...spec.preferredFiles]
        }
      }
      return {
        label: `${model}_${variant}`,
        runs: { airl: choice("airl"), sft: choice("sft"), grpo: choice("grpo") }
      }
    })
  )

const runName = (of: Experiment[MethodName], domain: string): string | undefined =>
  typeof of === "string" ? of : of?.[domain]

const fromExperiments = (spec: Spec, domain: string): ReadonlyArray<Choice> =>
  spec.experiments
    .filter(({ domains }) => domains === undefined || domains.includes(domain))
    .flatMap((experiment) => {
      const runs = methods.flatMap((method) => {
        const run = runName(experiment[method], domain)
        return run === undefined ? [] : [[method, { run, files: filesOf(spec, domain) }] as const]
      })
      return runs.some(([method]) => method === "airl")
        ? [{ label: experiment.label, runs: Object.fromEntries(runs) }]
        : []
    })

const filesOf = (spec: Spec, domain: string): ReadonlyArray<string> => {
  const own = spec.aimeFiles[domain]
  return own === undefined ? spec.preferredFiles : [own, ...spec.preferredFiles]
}

/** The selector that a mode names. */
export const selectorOf = (mode: string, answerOnly: boolean): string =>
  mode === "auto" ? (answerOnly ? "discounted" : "mean") : mode

/** The selector of a mode, or the nearest name where there is none of it. */
export const chosenSelector = (mode: string, answerOnly: boolean): Result.Result<TraceSelector, UsageError> => {
  const selector = traceSelector(selectorOf(mode, answerOnly))
  if (selector !== undefined) return Result.succeed(selector)
  const names = ["auto", ...traceSelectors.map(({ name }) => name)]
  return Result.fail(
    new UsageError({
      reason: `There is no selector ${mode}. Did you mean ${nearestName(mode, names)}? There are: ${names.join(", ")}.`
    })
  )
}

/** Every folder of figures that was asked for: modes × domains × (models × variants, or the experiments). */
export const jobsOf = (spec: Spec, options: JobOptions): Result.Result<ReadonlyArray<Job>, UsageError> => {
  const stranger = options.domains.find((name) => spec.domains[name] === undefined)
  if (stranger !== undefined)
    return Result.fail(
      new UsageError({
        reason: `${spec.file} has no domain ${stranger}; it has ${Object.keys(spec.domains).join(", ")}.`
      })
    )
  const bad = badTemplate(options)
  if (bad !== undefined) return Result.fail(bad)
  if (options.models.length > 0 !== options.variants.length > 0)
    return Result.fail(new UsageError({ reason: "--models and --variants go together: give both or neither." }))
  if (options.models.length === 0 && spec.experiments.length === 0)
    return Result.fail(
      new UsageError({ reason: `${spec.file} has no experiments: add some, or give --models and --variants.` })
    )
  const selector = chosenSelector(options.selectorMode, true)
  if (Result.isFailure(selector)) return Result.fail(selector.failure)
  const domains = options.domains.length > 0 ? options.domains : Object.keys(spec.domains)
  const outputRoot = options.outputRoot ?? spec.outputRoot
  return Result.succeed(
    spec.answerOnlyModes.flatMap((answerOnly) =>
      domains.flatMap((domain) => {
        const choices = options.models.length > 0 ? fromTemplates(spec, options, domain) : fromExperiments(spec, domain)
        return choices.map(
          ({ label, runs }): Job => ({
            domain,
            root: spec.domains[domain]!,
            label,
            checkpoint: options.ckpt ?? spec.defaultCkpt,
            answerOnly,
            selector: selectorOf(options.selectorMode, answerOnly),
            runs,
            output: `${outputRoot}/${answerOnly ? "answer_only" : "all_tokens"}/${domain}/standard/${label}`,
            numGenerations: options.numGenerations,
            rerankingGenerations: options.rerankingGenerations,
            tokenFigures: options.tokenFigures
          })
        )
      })
    )
  )
}
