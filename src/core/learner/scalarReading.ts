import { forward, type ModelConfig, tokenRewards } from "../model/index.ts"
import type { Tree } from "../optim/index.ts"
import { constant, type Expr, gather, matMul, reshape } from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"

/** How rows of embeddings are read in place of ids. */
export interface Embedded {
  /** Embeddings [B, T, D] of ids [B, T]. */
  readonly embed: (params: Tree, ids: Expr) => Expr
  /** Logits [B, T] of embeddings [B, T, D]. */
  readonly rewards: (params: Tree, embeddings: Expr) => Expr
}

/** Rewards g and potentials H, both [B, T]. */
export interface Heads extends Tree {
  readonly reward: Expr
  readonly potential: Expr
}

/** The potential head's parameter, [1, D]. */
export const POTENTIAL = "potential.weight"

/** How a decoder with a bias-free linear head [1, D] is read, whatever the values of its parameters and which train. */
export const scalarReading = (
  config: ModelConfig
): { readonly rewards: (params: Tree, ids: Expr) => Expr; readonly embedded: Embedded } => ({
  rewards: (tree, ids) => tokenRewards(tree, forward(config, tree, ids).hidden, ids.shape[0]!),
  embedded: {
    embed: (tree, ids) => gather(tree["model.embed_tokens.weight"]!, ids),
    rewards: (tree, embeddings) => {
      const [B, T] = embeddings.shape as readonly [number, number, number]
      const rows = reshape(embeddings, [B * T, config.hidden_size])
      // The shape alone is read of these ids.
      const ids = constant(Tensors.i32(new Int32Array(B * T), [B, T]))
      return tokenRewards(tree, forward(config, tree, ids, { rows }).hidden, B)
    }
  }
})

/** How both heads of a segment critic are read. */
export const segmentReading =
  (config: ModelConfig) =>
  (tree: Tree, ids: Expr): Heads => {
    const states = forward(config, tree, ids).hidden
    const read = (head: string): Expr =>
      reshape(matMul(states, tree[head]!, { transB: true }), [ids.shape[0]!, ids.shape[1]!])
    return { reward: read("score.weight"), potential: read(POTENTIAL) }
  }
