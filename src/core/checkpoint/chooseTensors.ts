import { Result } from "effect"
import { type Head, type ModelConfig, parameterSpecs } from "../model/index.ts"
import { type Shape, Shapes } from "../tensor/index.ts"
import { CheckpointRejected } from "./errors.ts"

/** A tensor of a checkpoint: its file, and what the file says of it. */
export interface Stored {
  readonly file: string
  readonly dtype: string
  readonly shape: Shape
}

/** Which stored tensors are the model's parameters, by name, and which are left alone. */
export interface Choice {
  readonly loaded: ReadonlyArray<string>
  readonly ignored: ReadonlyArray<string>
}

const floats: ReadonlyArray<string> = ["F32", "F16", "BF16", "F64"]

/**
 * What may lie in a checkpoint beside the parameters: the other head, a copy of a tied head, the bias of a reward head
 * (which loading finds to be 0), and tables that old releases stored though they follow from the configuration.
 */
const isNeedless = (name: string): boolean =>
  /\.rotary_emb\.inv_freq$/u.test(name) || ["lm_head.weight", "score.weight", "score.bias"].includes(name)

/**
 * The tensors that make up the decoder with that head. A missing, a surplus or a wrongly shaped one is refused: the
 * configuration then belongs to another model, and whatever would be computed would be wrong.
 *
 * @param folder for messages
 */
export const chooseTensors = (
  folder: string,
  config: ModelConfig,
  head: Head,
  stored: Readonly<Record<string, Stored>>
): Result.Result<Choice, CheckpointRejected> => {
  const fail = (kind: CheckpointRejected["kind"], file: string, reason: string, fix?: string) =>
    Result.fail(new CheckpointRejected({ kind, file, reason, ...(fix === undefined ? {} : { fix }) }))
  const [layers, held] = [config.num_hidden_layers, Object.keys(stored).length]
  // Listing the parameters takes memory for as many layers as the configuration claims.
  if (layers > held)
    return fail("mismatch", "config.json", `it asks for ${layers} layers, and the files hold ${held} tensors`)
  const specs = parameterSpecs(config, head)
  const missing = Object.keys(specs).filter((name) => !Object.hasOwn(stored, name))
  if (missing.length > 0) {
    const first = missing[0]!
    const more = missing.length === 1 ? "" : ` and ${missing.length - 1} more`
    return first === "score.weight"
      ? fail("mismatch", folder, "it has no reward head score.weight", "Load it with head none, and add a fresh head")
      : fail("mismatch", folder, `no file of it holds the tensor ${first}${more}, which config.json asks for`)
  }
  for (const [name, { shape }] of Object.entries(specs)) {
    const found = stored[name]!
    if (!Shapes.equal(found.shape, shape)) {
      const claim = `${name} is ${Shapes.print(found.shape)}, config.json makes it ${Shapes.print(shape)}`
      return fail("mismatch", found.file, claim)
    }
    if (!floats.includes(found.dtype)) {
      return fail("unsupported", found.file, `${name} is stored as ${found.dtype}, none of ${floats.join(", ")}`)
    }
  }
  const ignored = Object.keys(stored).filter((name) => !Object.hasOwn(specs, name))
  const surplus = ignored.find((name) => !isNeedless(name))
  return surplus === undefined
    ? Result.succeed({ loaded: Object.keys(specs), ignored })
    : fail("mismatch", stored[surplus]!.file, `it holds ${surplus}, which no model of this config.json has`)
}
