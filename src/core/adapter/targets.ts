import { Result } from "effect"
import type { AdapterConfig } from "./AdapterConfig.ts"
import { AdapterRejected } from "./AdapterRejected.ts"
import { holders, type Module } from "./modules.ts"
import { pattern } from "./pattern.ts"

type Holds = (name: string) => boolean
type Checked<A> = Result.Result<A, AdapterRejected>

const list = <A>(x: A | ReadonlyArray<A> | null): ReadonlyArray<A> =>
  x === null ? [] : Array.isArray(x) ? x : [x as A]

/** A name as a whole or its last parts: `q_proj` ends `model.layers.0.self_attn.q_proj`. */
const endsIn =
  (ends: ReadonlyArray<string>): Holds =>
  (name) =>
    ends.some((end) => name === end || name.endsWith(`.${end}`))

const test = (at: string, source: string): Checked<Holds> =>
  Result.map(pattern(at, source), (expression) => (name) => expression.test(name))

const named = (at: string, names: string | ReadonlyArray<string>): Checked<Holds> =>
  typeof names === "string" ? test(at, `^(?:${names})$`) : Result.succeed(endsIn(names))

/** Whether a layer's index is among those asked for: the number after the first match of a pattern of `layers`. */
const inLayers = (layers: ReadonlyArray<number>, patterns: ReadonlyArray<string>): Checked<Holds> => {
  const before = patterns.length === 0 ? ["^.*?\\.[^.]*"] : patterns.map((p) => `^(?:.*?\\.)?(?:${p})`)
  return Result.map(
    Result.all(before.map((start) => pattern("layers_pattern", `${start}\\.(?<layer>\\d+)\\.`))),
    (expressions) => (name) =>
      expressions.some((expression) => layers.includes(Number(expression.exec(name)?.groups?.["layer"] ?? Number.NaN)))
  )
}

/** Names of modules that train whole. A classifier's head is among them whether it is listed or not. */
export const savedEnds = ({ modules_to_save, task_type }: AdapterConfig): ReadonlyArray<string> => [
  ...(modules_to_save ?? []),
  ...(task_type === "SEQ_CLS" ? ["classifier", "score"] : [])
]

/** Whether a parameter belongs to a module that trains whole: any module around it whose name ends so. */
export const isSaved =
  (config: AdapterConfig) =>
  (parameter: string): boolean =>
    holders(parameter).some((module) => savedEnds(config).some((end) => module.endsWith(end)))

/** Whether targets are the word for every linear module but the head. */
export const isAllLinear = (targets: AdapterConfig["target_modules"]): boolean =>
  typeof targets === "string" && targets.toLowerCase() === "all-linear"

/** Every linear module but the head. */
const allLinear = (modules: ReadonlyArray<Module>): Holds => {
  const names = new Set(
    modules.filter(({ name, kind }) => kind === "linear" && name.startsWith("model.")).map(({ name }) => name)
  )
  return (name) => names.has(name)
}

/** Whether a module is asked for, before exclusions. */
const wanted = (config: AdapterConfig, modules: ReadonlyArray<Module>): Checked<Holds> => {
  const { target_modules: targets, layers_to_transform: layers, layers_pattern } = config
  if (isAllLinear(targets)) return Result.succeed(allLinear(modules))
  return Result.flatMap(named("target_modules", targets), (asked) => {
    if (typeof targets === "string" || list(layers).length === 0) return Result.succeed(asked)
    // A module that is named in full is meant wherever it lies.
    const whole = new Set(targets)
    return Result.map(
      inLayers(list(layers), list(layers_pattern)),
      (within) => (name: string) => asked(name) && (whole.has(name) || within(name))
    )
  })
}

const excluded = (config: AdapterConfig): Checked<Holds> =>
  Result.flatMap(named("exclude_modules", config.exclude_modules ?? []), (byName) =>
    Result.map(
      Result.all(savedEnds(config).map((end) => test("modules_to_save", `^(?:.*\\.)?${end}(?:$|\\..*)`))),
      (saved) => (name: string) => byName(name) || saved.some((holds) => holds(name))
    )
  )

const whyNot: Readonly<Record<Exclude<Module["kind"], "linear">, string>> = {
  embedding: "which is an embedding table; exclude it, or put it into modules_to_save",
  tied: "which is the embedding table in this base; exclude it",
  other: "which is not linear; name linear modules, or put it into modules_to_save"
}

const refusal = (chosen: ReadonlyArray<Module>): AdapterRejected | undefined => {
  const at = "target_modules"
  if (chosen.length === 0) {
    const reason = "matches no module of this base; name the ends of linear modules, such as q_proj."
    return new AdapterRejected({ kind: "mismatch", at, reason })
  }
  for (const { name, kind } of chosen) {
    if (kind === "linear") continue
    return new AdapterRejected({ kind: "unsupported", at, reason: `matches "${name}", ${whyNot[kind]}.` })
  }
  return undefined
}

/** The linear modules that an adapter adapts, by PEFT's meaning of its keys. */
export const targetsOf = (config: AdapterConfig, modules: ReadonlyArray<Module>): Checked<ReadonlyArray<Module>> =>
  Result.flatMap(Result.all([wanted(config, modules), excluded(config)]), ([asked, left]) => {
    const chosen = modules.filter(({ name }) => asked(name) && !left(name))
    const refused = refusal(chosen)
    return refused === undefined ? Result.succeed(chosen) : Result.fail(refused)
  })

/** The value of the first pattern that a module's name ends in, else `usual`. */
export const byPattern = (
  at: "rank_pattern" | "alpha_pattern",
  patterns: Readonly<Record<string, number>>,
  usual: number
): Checked<(name: string) => number> =>
  Result.map(
    Result.all(
      Object.entries(patterns).map(([source, value]) =>
        Result.map(test(at, `^(?:.*\\.)?(?:${source})$`), (holds) => ({ holds, value }))
      )
    ),
    (rows) => (name) => rows.find(({ holds }) => holds(name))?.value ?? usual
  )
