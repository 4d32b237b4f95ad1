import {
  add,
  concat,
  constant,
  type Expr,
  gather,
  max,
  named,
  reshape,
  rmsNorm,
  slice,
  sub,
  transpose
} from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"
import { causalAttention, type KeyValues, type QueryBlock } from "./attention.ts"
import { block, headNorm, type Projections } from "./block.ts"
import type { ModelConfig } from "./ModelConfig.ts"
import { causalMask, startMask } from "./mask.ts"
import { type Params, parameter } from "./parameters.ts"
import { type Rotation, rotate, rotationAt, rotationOf } from "./rotary.ts"

export interface ForwardOptions {
  /** Rows [B·T, D] that the first layer reads in place of the embeddings of `ids`. */
  readonly rows?: Expr
  /**
   * Number of padding tokens before each row's first real one, [B] i32. Positions count from there and earlier
   * keys are hidden, so results do not depend on the width of the padding. Absent: rows begin at column 0.
   */
  readonly start?: Expr
  /** Queries that attend together, 128 by default. Values do not depend on it, only time and memory. */
  readonly queryBlock?: number
  /**
   * Sequences that pass through the layers together, all of them by default. Values do not depend on it. Smaller
   * blocks keep less alive where gradients are not needed, at the price of as many times the nodes to compile.
   */
  readonly sequenceBlock?: number
}

/**
 * Labels of what `rematerialise` keeps for the backward pass: the rows between layers, and between chunks of logits.
 * Everything else of the forward pass is then computed once more, a layer or a chunk at a time.
 */
export const isCheckpoint = (label: string): boolean =>
  /^(?:model\.(?:embed_tokens|layers\.\d+)|head\.\d+(?:\..*)?)$/u.test(label)

/** What a pass over whole sequences gives. What is not used costs nothing: only reachable nodes are compiled. */
export interface Forward {
  /** Final hidden states after the last norm, [B·T, D]: row b·T + t belongs to token t of sequence b. */
  readonly hidden: Expr
  /** Keys (rotated) and values of every layer, time first: [T, B·Hkv, head_dim]. */
  readonly caches: ReadonlyArray<KeyValues>
}

const positionsFrom = (start: Expr, T: number): Expr => {
  const columns = constant(
    Tensors.i32(
      Array.from({ length: T }, (_, t) => t),
      [1, 1, T]
    )
  )
  return max(sub(columns, reshape(start, [start.shape[0]!, 1, 1])), 0)
}

/** Blocks of queries with their masks, which all layers share. */
const queryBlocks = (T: number, { start, queryBlock = 128 }: ForwardOptions): ReadonlyArray<QueryBlock> =>
  Array.from({ length: Math.ceil(T / queryBlock) }, (_, i) => {
    const from = i * queryBlock
    const to = Math.min(T, from + queryBlock)
    const causal = causalMask(from, to)
    return { from, to, mask: start === undefined ? causal : add(causal, startMask(start, to)) }
  })

/** Final norm of rows [n, D]. */
export const finalNorm = (config: ModelConfig, params: Params, rows: Expr): Expr =>
  rmsNorm(rows, parameter(params, "model.norm.weight"), config.rms_norm_eps)

/** Rows of the embedding table: ids [...] become [n, D]. */
export const embed = (params: Params, ids: Expr): Expr =>
  named("model.embed_tokens", gather(parameter(params, "model.embed_tokens.weight"), reshape(ids, [-1])))

/** The layers over rows [B·T, D]. */
const layers = (
  config: ModelConfig,
  params: Params,
  embedded: Expr,
  [B, T]: readonly [number, number],
  options: Pick<ForwardOptions, "start" | "queryBlock">
): Forward => {
  const { num_attention_heads: H, num_key_value_heads: groups, head_dim } = config
  const { start } = options
  const rotation: Rotation = start === undefined ? rotationOf(config, T) : rotationAt(config, positionsFrom(start, T))
  const blocks = queryBlocks(T, options)
  const heads = (rows: Expr, n: number): Expr => reshape(rows, [B, T, n, head_dim])
  const byHead = (x: Expr): Expr => transpose(x, [0, 2, 1, 3])
  const byTime = (x: Expr): Expr => reshape(transpose(x, [2, 0, 1, 3]), [T, B * groups, head_dim])
  const caches: Array<KeyValues> = []
  let x = embedded
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const attend = (projected: Projections): Expr => {
      const queries = headNorm(config, params, layer, "q_norm", heads(projected.queries, H))
      const keys = rotate(byHead(headNorm(config, params, layer, "k_norm", heads(projected.keys, groups))), rotation)
      const values = byHead(heads(projected.values, groups))
      caches.push({ keys: byTime(keys), values: byTime(values) })
      const context = causalAttention(rotate(byHead(queries), rotation), keys, values, blocks)
      return reshape(byHead(context), [B * T, H * head_dim])
    }
    x = named(`model.layers.${layer}`, block(config, params, layer, x, attend))
  }
  return { hidden: finalNorm(config, params, x), caches }
}

/**
 * The decoder over whole sequences: token t attends to tokens 0..t of its own row.
 *
 * Rows may be padded on the right with any id: a later token never influences an earlier one, so masking the
 * outputs is enough. Rows padded on the left need `start`.
 *
 * @param ids [B, T] i32, each in 0..V-1, padding included
 * @throws InvalidProgram when a parameter is missing, ShapeMismatch when one has another shape
 * @see specs/05-decoder.md
 */
export const forward = (config: ModelConfig, params: Params, ids: Expr, options: ForwardOptions = {}): Forward => {
  const [B, T] = ids.shape as readonly [number, number]
  const { start, sequenceBlock = B, ...rest } = options
  const rows = options.rows ?? embed(params, ids)
  const parts = Array.from({ length: Math.ceil(B / sequenceBlock) }, (_, i) => {
    const from = i * sequenceBlock
    const to = Math.min(B, from + sequenceBlock)
    const starts = start === undefined ? {} : { start: slice(start, 0, from, to) }
    return layers(config, params, slice(rows, 0, from * T, to * T), [to - from, T], { ...rest, ...starts })
  })
  const joined = (pick: (part: Forward) => Expr, axis: number): Expr => concat(parts.map(pick), axis)
  return {
    hidden: joined((part) => part.hidden, 0),
    caches: parts[0]!.caches.map((_, layer) => ({
      keys: joined((part) => part.caches[layer]!.keys, 1),
      values: joined((part) => part.caches[layer]!.values, 1)
    }))
  }
}

/** The hidden states of the last column, [B, D], from those of all columns. */
export const lastHidden = (hidden: Expr, B: number): Expr => {
  const [rows, D] = hidden.shape as readonly [number, number]
  const T = rows / B
  return reshape(slice(reshape(hidden, [B, T, D]), 1, T - 1), [B, D])
}
