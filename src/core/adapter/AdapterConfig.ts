import { Result, Schema } from "effect"
import { AdapterRejected } from "./AdapterRejected.ts"

const Size = Schema.Int.check(Schema.isGreaterThan(0))
const Names = Schema.Array(Schema.String)
const NameOrNames = Schema.Union([Schema.String, Names])

/**
 * A LoRA adapter as `adapter_config.json` describes it. Field names and meanings are those of PEFT; every default is
 * filled in.
 */
export const AdapterConfig = Schema.Struct({
  /** What the base ends in: a language head, or for SEQ_CLS `score.weight`. Null is read as CAUSAL_LM. */
  task_type: Schema.NullOr(Schema.Literals(["CAUSAL_LM", "SEQ_CLS"])),
  base_model_name_or_path: Schema.NullOr(Schema.String),
  revision: Schema.NullOr(Schema.String),
  /** Rank r of a module that `rank_pattern` does not name. */
  r: Size,
  /** The update is scaled by lora_alpha / r, with `use_rslora` by lora_alpha / √r. */
  lora_alpha: Schema.Finite,
  use_rslora: Schema.Boolean,
  /** Ends of module names; or one regular expression for whole names; or "all-linear", which spares the head. */
  target_modules: NameOrNames,
  /** Modules that are left alone though targeted, named likewise. */
  exclude_modules: Schema.NullOr(NameOrNames),
  /** Indices of the layers that are adapted; all where null. */
  layers_to_transform: Schema.NullOr(Schema.Union([Schema.Int, Schema.Array(Schema.Int)])),
  /** What precedes a layer's index in module names; anything where null. */
  layers_pattern: Schema.NullOr(NameOrNames),
  /** Ends of names of modules that train whole, as copies of the adapter's own. */
  modules_to_save: Schema.NullOr(Names),
  /** Rank and alpha of modules whose name ends in a match of the regular expression; the first match counts. */
  rank_pattern: Schema.Record(Schema.String, Size),
  alpha_pattern: Schema.Record(Schema.String, Schema.Finite),
  /** All other keys, and those that were null, kept as they are. */
  other: Schema.Record(Schema.String, Schema.Unknown)
})

/** A LoRA adapter's description, complete and checked. */
export type AdapterConfig = typeof AdapterConfig.Type

const isOff = (x: unknown): boolean => x == null || x === false || (Array.isArray(x) && x.length === 0)

interface Demand {
  readonly holds: (x: unknown) => boolean
  readonly repair: string
}

const off = (what: string): Demand => ({
  holds: isOff,
  repair: `${what} not computed here; train the adapter without.`
})

/** Keys whose other values would change what the adapter computes. */
const demands: Readonly<Record<string, Demand>> = {
  peft_type: {
    holds: (x) => x === "LORA",
    repair: 'only "LORA" is computed here; convert the adapter, or merge it into its base with PEFT.'
  },
  bias: { holds: (x) => x == null || x === "none", repair: 'only "none" is computed here; train without biases.' },
  lora_dropout: {
    holds: (x) => x == null || x === 0,
    repair: "there is no dropout here. Set it to 0: it concerns further training only."
  },
  init_lora_weights: {
    holds: (x) => x == null || typeof x === "boolean" || x === "gaussian" || x === "eva",
    repair:
      "such adapters fit a base that they have changed. Have PEFT convert it (path_initial_model_for_weight_conversion)."
  },
  fan_in_fan_out: { holds: isOff, repair: "linear weights are [out, in] here; set it to false." },
  use_dora: off("DoRA is"),
  lora_bias: off("A bias in B is"),
  use_qalora: off("QALoRA is"),
  use_bdlora: off("BD-LoRA is"),
  kasa_config: off("KaSA is"),
  monteclora_config: off("Monte Carlo LoRA is"),
  velora_config: off("VeLoRA is"),
  arrow_config: off("Arrow routing is"),
  alora_invocation_tokens: off("Activated LoRA is"),
  layer_replication: off("Replicated layers are"),
  target_parameters: off("Adapted bare parameters are"),
  trainable_token_indices: off("Trained single tokens are")
}

const own = new Set(Object.keys(AdapterConfig.fields))

/** The published default for the families of this decoder. */
const usualTargets = ["q_proj", "v_proj"]

/**
 * Reads a parsed `adapter_config.json`. Missing keys take PEFT's defaults; unknown keys are kept for writing; keys that
 * ask for another computation than LoRA's are refused by name.
 */
export const fromJson = (json: unknown): Result.Result<AdapterConfig, AdapterRejected> => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return Result.fail(new AdapterRejected({ kind: "malformed", at: "(top level)", reason: "it is not an object." }))
  }
  const raw = json as Readonly<Record<string, unknown>>
  for (const [at, { holds, repair }] of Object.entries(demands)) {
    if (holds(raw[at])) continue
    return Result.fail(
      new AdapterRejected({ kind: "unsupported", at, reason: `is ${JSON.stringify(raw[at])}; ${repair}` })
    )
  }
  if (typeof raw["target_modules"] === "string" && !isOff(raw["layers_to_transform"])) {
    const reason = "needs target_modules as a list; name the layers in the regular expression instead."
    return Result.fail(new AdapterRejected({ kind: "malformed", at: "layers_to_transform", reason }))
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([key, value]) => own.has(key) && value != null))
  const decoded = Schema.decodeUnknownResult(AdapterConfig)({
    task_type: null,
    base_model_name_or_path: null,
    revision: null,
    r: 8,
    lora_alpha: 8,
    use_rslora: false,
    target_modules: usualTargets,
    exclude_modules: null,
    layers_to_transform: null,
    layers_pattern: null,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
    ...given,
    other: Object.fromEntries(Object.entries(raw).filter(([key, value]) => !own.has(key) || value === null))
  })
  return Result.mapError(
    decoded,
    (failure) => new AdapterRejected({ kind: "malformed", at: "adapter_config.json", reason: String(failure) })
  )
}

/** What an adapter may say of itself; the rest takes PEFT's defaults. */
export type AdapterOptions = Partial<Omit<AdapterConfig, "other">> & {
  /** 0, the default: there is no dropout here, and any other value is refused. */
  readonly lora_dropout?: number
}

/** The keys that PEFT has written in every release since rank patterns, at their defaults. */
const written = {
  auto_mapping: null,
  bias: "none",
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  lora_dropout: 0,
  peft_type: "LORA",
  use_dora: false
}

/** A new adapter's description. An adapter of a reward model says so by `task_type: "SEQ_CLS"`, and trains its head. */
export const make = (options: AdapterOptions): Result.Result<AdapterConfig, AdapterRejected> => {
  const heads = options.task_type === "SEQ_CLS" ? { modules_to_save: ["classifier", "score"] } : {}
  return fromJson({ ...written, task_type: "CAUSAL_LM", ...heads, ...options })
}

const unicodeEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`

/** The text of `adapter_config.json`, as Python writes it: keys sorted, ASCII, so that PEFT's own files come back as they were. */
export const toText = ({ other, exclude_modules, ...config }: AdapterConfig): string => {
  const all: Readonly<Record<string, unknown>> = {
    ...other,
    ...config,
    // Older readers refuse this key; where it says nothing it is written only if it was read.
    ...(exclude_modules === null ? {} : { exclude_modules })
  }
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return JSON.stringify(all, sorted, 2)
    .replace(/[\u007f-\uffff]/gu, (c) =>
      Array.from({ length: c.length }, (_, i) => unicodeEscape(c.charCodeAt(i))).join("")
    )
    .replace(/^( {2}"lora_dropout": 0)(?=,?$)/mu, "$1.0")
}
