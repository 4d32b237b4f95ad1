import {
  apply,
  dequantize,
  type Expr,
  InvalidProgram,
  input,
  named,
  Programs,
  type Spec,
  type Step,
  Steps,
  zeroWords
} from "../program/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"
import { withInputs } from "./withInputs.ts"

/** A matrix [N, K] in 4 bits: what `dequantize` takes. */
export interface Quantised<A = Tensor> {
  /** [N, W] i32: eight codes a word, the first in the lowest bits; the last block of a row is padded. */
  readonly codes: A
  /** [N, blocks] f32: the step between two codes. */
  readonly scales: A
  /** [Z] i32: the code of 0 in each block, two a byte, each row from a byte on. */
  readonly zeros: A
}

/** Columns that share a scale and a zero point where nothing else is said: 5 bits a weight in all. */
export const usualBlock = 32

/** The parts of a quantised weight under the names that they have in memory. */
export const partNames = (name: string): Quantised<string> => ({
  codes: `${name}.codes`,
  scales: `${name}.scales`,
  zeros: `${name}.zeros`
})

/** The types of the parts of a quantised [N, K]. */
export const partSpecs = ({ shape }: Spec, block = usualBlock): Quantised<Spec> => {
  const [N, K] = shape as readonly [number, number]
  const blocks = Math.ceil(K / block)
  return {
    codes: Programs.spec([N, (blocks * block) / 8], "i32"),
    scales: Programs.spec([N, blocks]),
    zeros: Programs.spec([zeroWords(N, blocks)], "i32")
  }
}

const clamp = (code: number): number => Math.max(0, Math.min(15, code))

/**
 * The nearest matrix whose rows have 16 levels in each block of `block` columns: with a and b the least and greatest of
 * a block and 0,
 *
 *     scale = (b - a) / 15    zero = round(-a / scale)    code = clamp(round(w / scale) + zero, 0, 15)
 *
 * No weight moves by more than half its block's scale, and 0 stays 0.
 *
 * @param weight [N, K] f32, finite; a block that is not becomes NaN as a whole
 * @param block a multiple of 8; the engine's own product needs a power of 2 from 16 on
 * @see specs/53-memory.md, section 2
 */
export const quantise = ({ shape, data }: Tensor, block = usualBlock): Quantised => {
  const [N, K] = shape as readonly [number, number]
  const blocks = Math.ceil(K / block)
  const codes = new Int32Array((N * blocks * block) / 8)
  const scales = new Float32Array(N * blocks)
  const zeros = new Int32Array(zeroWords(N, blocks))
  const put = (words: Int32Array, i: number, code: number) => {
    words[i >> 3]! |= code << ((i & 7) * 4)
  }
  for (let n = 0; n < N; n++) {
    for (let b = 0; b < blocks; b++) {
      const [from, to] = [n * K + b * block, n * K + Math.min(K, (b + 1) * block)]
      let [low, high] = [0, 0]
      for (let i = from; i < to; i++) {
        low = Math.min(low, data[i]!)
        high = Math.max(high, data[i]!)
      }
      // Codes are chosen for the scale as it is stored.
      const scale = Math.fround((high - low) / 15)
      const zero = scale === 0 ? 0 : clamp(Math.round(-low / scale))
      scales[n * blocks + b] = scale
      put(zeros, n * Math.ceil(blocks / 2) * 2 + b, zero)
      const at = (n * blocks + b) * block
      for (let i = 0; i < block; i++) {
        const code = from + i < to && scale !== 0 ? clamp(Math.round(data[from + i]! / scale) + zero) : zero
        put(codes, at + i, code)
      }
    }
  }
  const specs = partSpecs({ shape, dtype: "f32" }, block)
  return {
    codes: Tensors.i32(codes, specs.codes.shape),
    scales: Tensors.f32(scales, specs.scales.shape),
    zeros: Tensors.i32(zeros, specs.zeros.shape)
  }
}

/** A quantised weight's tensors by name, for memory. */
export const partsOf = (name: string, { codes, scales, zeros }: Quantised): Readonly<Record<string, Tensor>> => {
  const names = partNames(name)
  return { [names.codes]: codes, [names.scales]: scales, [names.zeros]: zeros }
}

const read = (name: string, spec: Spec, block: number): Expr => {
  const [names, specs] = [partNames(name), partSpecs(spec, block)]
  const part = (key: keyof Quantised) => input(names[key], specs[key].shape, specs[key].dtype)
  return dequantize(part("codes"), part("scales"), part("zeros"), { block, width: spec.shape[1]! })
}

/**
 * The same step with every read of the named weights replaced by their 4-bit form: it needs `partsOf` each in memory
 * instead, and gives what the first would of the weights that these stand for. For what trains on top of a base: weights
 * that the step itself changes are refused. Apply it last; names that the step does not read are passed over.
 *
 * @param weights resident matrices [N, K]
 * @throws InvalidProgram for a weight that is no resident matrix, or that is carried
 */
export const quantised = (step: Step, weights: Iterable<string>, block = usualBlock): Step => {
  const inputs = Programs.inputs(step.program)
  const chosen = [...new Set(weights)].filter((name) => inputs[name] !== undefined)
  for (const name of chosen) {
    const { shape, dtype } = inputs[name]!
    const refuse = (rule: string): never => {
      throw new InvalidProgram({ reason: `weight "${name}" cannot be quantised: ${rule}` })
    }
    if (dtype !== "f32" || shape.length !== 2) refuse(`it is ${dtype} of rank ${shape.length}, no float matrix.`)
    if (!step.resident.includes(name)) refuse("it is fed; keep it in memory.")
    if (step.carry.some(({ into }) => into === name)) refuse("the step changes it; quantise frozen weights only.")
  }
  const replaced = new Set(chosen)
  const { nodes, outputs } = step.program
  const done: Array<Expr> = []
  // Each use reads anew: floats that two shared would be alive from one to the other.
  const used = (id: number): Expr => {
    const { op } = nodes[id]!
    return op._tag === "Input" && replaced.has(op.name) ? read(op.name, nodes[id]!, block) : done[id]!
  }
  for (const { op, args, shape, dtype, label } of nodes) {
    const x = apply(op, args.map(used), shape, dtype)
    done.push(label === undefined ? x : named(label, x))
  }
  const rewritten = Programs.fromExprs(Object.fromEntries(outputs.map(({ name, node }) => [name, used(node)])))
  const others = nodes.filter(({ op }) => op._tag !== "Input" || !replaced.has(op.name))
  const program = withInputs(rewritten, { nodes: others, outputs })
  const parts = chosen.flatMap((name) => Object.values(partNames(name)))
  return Steps.make({
    ...step,
    program,
    resident: [...step.resident.filter((name) => !chosen.includes(name)), ...parts]
  })
}
