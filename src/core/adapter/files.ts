import { Result } from "effect"
import { type ModelConfig, Safetensors } from "../model/index.ts"
import { Shapes, type Tensor } from "../tensor/index.ts"
import type { Adapter } from "./Adapter.ts"
import * as Adapters from "./Adapter.ts"
import * as AdapterConfigs from "./AdapterConfig.ts"
import { AdapterRejected } from "./AdapterRejected.ts"

/** The two files of a stored adapter. */
export interface AdapterFiles {
  /** Text of `adapter_config.json`. */
  readonly config: string
  /** Bytes of `adapter_model.safetensors`. */
  readonly tensors: Uint8Array
  /** The folder that they were read from, for messages. */
  readonly from?: string
}

/** An adapter with its values. */
export interface StoredAdapter {
  readonly adapter: Adapter
  readonly values: Readonly<Record<string, Tensor>>
}

/** What every name of a tensor begins with in the file. */
const PREFIX = "base_model.model."

const again = "Fetch the adapter again, or save it again with peft."

const parsed = (text: string): Result.Result<unknown, AdapterRejected> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      new AdapterRejected({
        kind: "malformed",
        at: "adapter_config.json",
        reason: `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}. ${again}`
      })
  })

const tensorsOf = (bytes: Uint8Array): Result.Result<Readonly<Record<string, Tensor>>, AdapterRejected> =>
  Result.mapBoth(Safetensors.decode(bytes), {
    onSuccess: ({ tensors }) => tensors,
    onFailure: ({ kind, message }) =>
      new AdapterRejected({ kind, at: "adapter_model.safetensors", reason: `${message} ${again}` })
  })

/** The first reason why tensors are not this adapter's. */
const unfit = ({ params }: Adapter, tensors: Readonly<Record<string, Tensor>>): AdapterRejected | undefined => {
  for (const [name, { shape }] of Object.entries(params)) {
    const at = `${PREFIX}${name}`
    const found = tensors[at]
    if (found === undefined) {
      const reason = "is missing. The file is incomplete, or adapter_config.json is another adapter's: save both again."
      return new AdapterRejected({ kind: "mismatch", at, reason })
    }
    if (found.dtype !== "f32" || !Shapes.equal(found.shape, shape)) {
      const is = `is ${found.dtype}${Shapes.print(found.shape)} where this base with this configuration needs`
      const reason = `${is} f32${Shapes.print(shape)}. Load the base that base_model_name_or_path names.`
      return new AdapterRejected({ kind: "mismatch", at, reason })
    }
  }
  const foreign = Object.keys(tensors).find(
    (at) => !at.startsWith(PREFIX) || params[at.slice(PREFIX.length)] === undefined
  )
  if (foreign === undefined) return undefined
  const reason =
    "belongs to no module that the configuration adapts on this base. Load the base that base_model_name_or_path names, or save without embedding tables (save_embedding_layers=False)."
  return new AdapterRejected({ kind: "mismatch", at: foreign, reason })
}

/**
 * Reads an adapter in PEFT's layout for a base of that shape. Values of F16 and BF16 become f32.
 *
 * Fails with `AdapterRejected` where the files are malformed, ask for another method than LoRA, or do not fit the base.
 */
export const fromFiles = (
  { config, tensors, from }: AdapterFiles,
  model: ModelConfig
): Result.Result<StoredAdapter, AdapterRejected> =>
  Result.gen(function* () {
    const adapter = yield* Adapters.make(yield* AdapterConfigs.fromJson(yield* parsed(config)), model)
    const held = yield* tensorsOf(tensors)
    const wrong = unfit(adapter, held)
    if (wrong !== undefined) return yield* Result.fail(wrong)
    const names = Object.keys(adapter.params)
    return { adapter, values: Object.fromEntries(names.map((name) => [name, held[`${PREFIX}${name}`]!])) }
  }).pipe(Result.mapError((error) => (from === undefined ? error : new AdapterRejected({ ...error, from }))))

/** The files of an adapter, byte for byte what PEFT writes of the same values and keys. */
export const toFiles = ({ adapter, values }: StoredAdapter): AdapterFiles => ({
  config: AdapterConfigs.toText(adapter.config),
  tensors: Safetensors.encode(
    Object.fromEntries(Object.keys(adapter.params).map((name) => [`${PREFIX}${name}`, values[name]!]))
  )
})
