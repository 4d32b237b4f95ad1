import { Result } from "effect"
import { type Adapter, type AdapterRejected, Adapters, withAdapter } from "../adapter/index.ts"
import type { ModelConfig } from "../model/index.ts"
import type { Tree } from "../optim/index.ts"
import { fits, frozenUnder } from "./Adaptation.ts"
import type { Params } from "./Params.ts"
import { type RewardModel, type SegmentModel, withPotential } from "./RewardModel.ts"
import { scalarReading, segmentReading } from "./scalarReading.ts"

export interface AdapterHeadOptions {
  /** Shape of the base. */
  readonly config: ModelConfig
  /** Its task type is SEQ_CLS: `score.weight` is the adapter's own. */
  readonly adapter: Adapter
  /** Names the stream of fresh parameters. */
  readonly seed: number
  /** Values to start from, e.g. of a stored adapter; fresh ones of the adapter by default. */
  readonly values?: Params
}

/** A program's readings under the adapter. */
const under = <T extends Tree>({ adapter }: AdapterHeadOptions, tree: Tree, read: (params: Tree) => T): T =>
  withAdapter(adapter, tree, tree, read)

/**
 * A critic that is an adapter over a base that others share, with a bias-free linear head [1, D]: low-rank matrices and
 * head train, the base is read and never changed. `CriticOptions.over` says where they lie. A fresh one reads as the base
 * with a small random head does.
 *
 * Fails with `AdapterRejected` where the adapter is another model's, or no classifier's.
 */
export const adapterHead = (options: AdapterHeadOptions): Result.Result<RewardModel, AdapterRejected> => {
  const { adapter, config, seed, values } = options
  const { rewards, embedded } = scalarReading(config)
  return Result.map(fits(adapter, config, "reward"), () => ({
    name: "scalar head on an adapter",
    params: adapter.params,
    frozen: frozenUnder(adapter, config, "reward"),
    initial: values ?? Adapters.initialise(adapter, seed),
    rewards: (tree, ids) => under(options, tree, (params) => ({ logits: rewards(params, ids) })).logits,
    embedded: {
      embed: (tree, ids) => under(options, tree, (params) => ({ rows: embedded.embed(params, ids) })).rows,
      rewards: (tree, rows) => under(options, tree, (params) => ({ logits: embedded.rewards(params, rows) })).logits
    }
  }))
}

/** `adapterHead` with a second head beside the adapter's, the potential H of a segment critic: `potential.weight`. */
export const adapterSegmentHeads = (options: AdapterHeadOptions): Result.Result<SegmentModel, AdapterRejected> => {
  const { config, seed, values } = options
  const heads = segmentReading(config)
  return Result.map(adapterHead(options), (model) => {
    const { initial, ...rest } = withPotential(model, config, seed)
    return {
      ...rest,
      initial: { ...initial, ...values },
      heads: (tree, ids) => under(options, tree, (params) => heads(params, ids))
    }
  })
}
