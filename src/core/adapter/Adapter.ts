import { Result } from "effect"
import { type Head, type ModelConfig, parameterSpecs } from "../model/index.ts"
import { Programs, type Spec } from "../program/index.ts"
import { Rng, Shapes, type Tensor, Tensors } from "../tensor/index.ts"
import type { AdapterConfig } from "./AdapterConfig.ts"
import { AdapterRejected } from "./AdapterRejected.ts"
import { modulesOf } from "./modules.ts"
import { byPattern, isAllLinear, isSaved, targetsOf } from "./targets.ts"

/** The update of one linear module: scale · B·A, with A [rank, in] and B [out, rank]. */
export interface LowRank {
  readonly rank: number
  readonly scale: number
}

/** An adapter of one base: which modules it changes, and the parameters that are its own. Its values lie elsewhere. */
export interface Adapter {
  readonly config: AdapterConfig
  /** By module, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly targets: Readonly<Record<string, LowRank>>
  /** The base's parameters that it has copies of, e.g. `score.weight`. */
  readonly saved: ReadonlyArray<string>
  /** What trains: `<module>.lora_A.weight`, `<module>.lora_B.weight`, and the copies under their own names. */
  readonly params: Readonly<Record<string, Spec>>
  /** Standard deviation of a fresh copy of a base that has none to copy, as of the model's other weights. */
  readonly deviation: number
}

/** Names of a module's two matrices. */
export const matrices = (module: string): { readonly a: string; readonly b: string } => ({
  a: `${module}.lora_A.weight`,
  b: `${module}.lora_B.weight`
})

/** What an adapter's base ends in. */
export const headOf = ({ task_type }: AdapterConfig): Head => (task_type === "SEQ_CLS" ? "reward" : "language")

/** Copies of what lies under a low-rank update, or of a table that serves twice, would mean two things. */
const copyRefusal = (
  saved: ReadonlyArray<string>,
  targets: Readonly<Record<string, LowRank>>,
  tied: boolean
): AdapterRejected | undefined => {
  const at = "modules_to_save"
  const both = saved.find((name) => targets[name.replace(/\.(?:weight|bias)$/u, "")] !== undefined)
  if (both !== undefined) {
    const reason = `holds "${both}", whose module target_modules matches too; leave it out of one of them.`
    return new AdapterRejected({ kind: "malformed", at, reason })
  }
  if (tied && saved.some((name) => name.includes("embed_tokens"))) {
    const reason = "holds the embedding table, which this base uses as its output projection as well; leave it out."
    return new AdapterRejected({ kind: "unsupported", at, reason })
  }
  return undefined
}

/**
 * Resolves a description on a base: which modules, of which rank and scale.
 *
 * @see specs/50-adapters.md
 */
export const make = (config: AdapterConfig, model: ModelConfig): Result.Result<Adapter, AdapterRejected> =>
  Result.gen(function* () {
    const head = headOf(config)
    const tied = head === "language" && model.tie_word_embeddings
    const rank = yield* byPattern("rank_pattern", config.rank_pattern, config.r)
    const alpha = yield* byPattern("alpha_pattern", config.alpha_pattern, config.lora_alpha)
    const modules = yield* targetsOf(config, modulesOf(model, head))
    const targets = Object.fromEntries(
      modules.map(({ name }): readonly [string, LowRank] => {
        const r = rank(name)
        return [name, { rank: r, scale: alpha(name) / (config.use_rslora ? Math.sqrt(r) : r) }]
      })
    )
    const specs = parameterSpecs(model, head)
    const saved = Object.keys(specs).filter(isSaved(config))
    const refused = copyRefusal(saved, targets, tied)
    if (refused !== undefined) return yield* Result.fail(refused)
    const low = modules.flatMap(({ name, out, width }) => {
      const { a, b } = matrices(name)
      const r = targets[name]!.rank
      return [[a, Programs.spec([r, width])] as const, [b, Programs.spec([out, r])] as const]
    })
    const params = Object.fromEntries([...low, ...saved.map((name) => [name, specs[name]!] as const)])
    // Not every reader knows the word "all-linear": names are written in its place, as PEFT does.
    const explicit = isAllLinear(config.target_modules) ? { ...config, target_modules: Object.keys(targets) } : config
    return { config: explicit, targets, saved, params, deviation: model.initializer_range }
  })

/** n numbers of the stream `seed/name`, uniform in ±bound. */
const uniforms = (seed: string | number, name: string, n: number, bound: number): Float32Array => {
  const rng = Rng.make(seed, name)
  return Float32Array.from({ length: n }, () => (2 * Rng.uniform(rng) - 1) * bound)
}

/**
 * Values to start from: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that the adapted model is its base; copies
 * of what the base holds, and where it holds none the values that `initialise` of the model gives.
 *
 * Each tensor draws from the stream named by the seed and its own name.
 */
export const initialise = (
  { params, saved, deviation }: Adapter,
  seed: string | number,
  base: Readonly<Record<string, Tensor>> = {}
): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => {
      const n = Shapes.size(shape)
      if (saved.includes(name)) return [name, base[name] ?? Tensors.f32(Rng.normals(seed, name, n, deviation), shape)]
      if (name.endsWith(".lora_B.weight")) return [name, Tensors.full(shape, 0)]
      return [name, Tensors.f32(uniforms(seed, name, n, 1 / Math.sqrt(shape[1]!)), shape)]
    })
  )

/** Parameters of an adapter, or what goes with them, under longer names: so several adapters lie beside one base. */
export const scoped = <A>(scope: string, own: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(own).map(([name, value]) => [`${scope}${name}`, value]))

/** An adapter's own parameters among those of a base and of other adapters: the inverse of `scoped`. */
export const ownOf = <A>(
  { params }: Adapter,
  scope: string,
  all: Readonly<Record<string, A>>
): Readonly<Record<string, A>> =>
  Object.fromEntries(
    Object.keys(params).flatMap((name) => {
      const value = all[`${scope}${name}`]
      return value === undefined ? [] : [[name, value] as const]
    })
  )
