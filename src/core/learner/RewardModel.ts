import {
  byFanIn,
  type Deviation,
  forward,
  initialise,
  type ModelConfig,
  parameterSpecs,
  tokenRewards
} from "../model/index.ts"
import type { Specs, Tree } from "../optim/index.ts"
import type { Expr } from "../program/index.ts"
import { type Params, split } from "./Params.ts"

/**
 * A reward model as a function that builds programs: one logit a token, high meaning "the expert wrote this". The
 * logit of token t sees the prompt and the completion up to and including t.
 */
export interface RewardModel {
  readonly name: string
  /** Parameters that critic training changes. */
  readonly params: Specs
  /** Parameters that it reads and leaves alone. */
  readonly frozen: Specs
  /** Values to start from, of both kinds. */
  readonly initial: Params
  /** Logits [B, T] of ids [B, T]; `params` holds both kinds. */
  readonly rewards: (params: Tree, ids: Expr) => Expr
}

export interface ScalarHeadOptions {
  /** Shape of the trunk. */
  readonly config: ModelConfig
  /** The trunk to start from, e.g. the SFT policy's parameters; fresh where absent, "from scratch". */
  readonly trunk?: Params
  /** Names the stream of fresh parameters. */
  readonly seed: number
  /** Fresh layers put on top of the trunk, 0 by default. */
  readonly extraLayers?: number
  /** Which parameters of the trunk train; all by default. Head and extra layers always do. */
  readonly trains?: (name: string) => boolean
}

const HEAD = "score.weight"

/** The decoder with a bias-free linear head [1, D] in place of the vocabulary. */
export const scalarHead = (options: ScalarHeadOptions): RewardModel => {
  const { seed, trunk = {}, extraLayers = 0, trains = () => true } = options
  const config: ModelConfig = {
    ...options.config,
    num_hidden_layers: options.config.num_hidden_layers + extraLayers
  }
  const specs = parameterSpecs(config, "reward")
  const decoder = byFanIn(config)
  // The head starts small, so that the first logits are near 0, whatever the trunk's width.
  const deviation: Deviation = (name, spec) => (name === HEAD ? config.initializer_range : decoder(name, spec))
  const initial = Object.fromEntries(
    Object.entries(initialise(config, seed, "reward", deviation)).map(([name, fresh]) => [name, trunk[name] ?? fresh])
  )
  const [params, frozen] = split(specs, (name) => trunk[name] === undefined || trains(name))
  const origin = options.trunk === undefined ? "from scratch" : "from the policy"
  return {
    name: `scalar head ${origin}${extraLayers > 0 ? `, ${extraLayers} more layers` : ""}`,
    params,
    frozen,
    initial,
    rewards: (tree, ids) => tokenRewards(tree, forward(config, tree, ids).hidden, ids.shape[0]!)
  }
}
