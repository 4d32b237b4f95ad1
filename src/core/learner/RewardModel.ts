import { byFanIn, type Deviation, initialise, type ModelConfig, parameterSpecs } from "../model/index.ts"
import type { Specs, Tree } from "../optim/index.ts"
import { type Expr, Programs } from "../program/index.ts"
import { Rng, Tensors } from "../tensor/index.ts"
import { type Params, split } from "./Params.ts"
import { type Embedded, type Heads, POTENTIAL, scalarReading, segmentReading } from "./scalarReading.ts"

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
  /** Values to start from: of both kinds, or of the parameters that train where the frozen are a shared base's. */
  readonly initial: Params
  /** Logits [B, T] of ids [B, T]; `params` holds both kinds. */
  readonly rewards: (params: Tree, ids: Expr) => Expr
  /** How it reads rows of embeddings in place of ids, for gradients between traces; absent where it reads the ids too. */
  readonly embedded?: Embedded
}

/** A reward model with a second head: the potential H, from which shaping terms are made. */
export interface SegmentModel extends RewardModel {
  /** The potential head's parameter. */
  readonly potentialHead: string
  /** Rewards g and potentials H, both [B, T], of ids [B, T]. */
  readonly heads: (params: Tree, ids: Expr) => Heads
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

/** The decoder's shape with the layers put on top. */
const grown = ({ config, extraLayers = 0 }: ScalarHeadOptions): ModelConfig => ({
  ...config,
  num_hidden_layers: config.num_hidden_layers + extraLayers
})

/** The decoder with a bias-free linear head [1, D] in place of the vocabulary. */
export const scalarHead = (options: ScalarHeadOptions): RewardModel => {
  const { seed, trunk = {}, extraLayers = 0, trains = () => true } = options
  const config = grown(options)
  const specs = parameterSpecs(config, "reward")
  const decoder = byFanIn(config)
  // The head starts small, so that the first logits are near 0, whatever the trunk's width.
  const deviation: Deviation = (name, spec) => (name === HEAD ? config.initializer_range : decoder(name, spec))
  const initial = Object.fromEntries(
    Object.entries(initialise(config, seed, "reward", deviation)).map(([name, fresh]) => [name, trunk[name] ?? fresh])
  )
  const [params, frozen] = split(specs, (name) => trunk[name] === undefined || trains(name))
  const origin = options.trunk === undefined ? "from scratch" : "from the policy"
  const name = `scalar head ${origin}${extraLayers > 0 ? `, ${extraLayers} more layers` : ""}`
  return { name, params, frozen, initial, ...scalarReading(config) }
}

/** A model with a bias-free linear head [1, D] beside its own, the potential H of a segment critic. */
export const withPotential = (
  { embedded: _, ...model }: RewardModel,
  config: ModelConfig,
  seed: number
): Omit<SegmentModel, "heads"> => {
  const width = config.hidden_size
  return {
    ...model,
    name: `${model.name}, with a potential`,
    params: { ...model.params, [POTENTIAL]: Programs.spec([1, width]) },
    initial: {
      ...model.initial,
      [POTENTIAL]: Tensors.f32(Rng.normals(seed, POTENTIAL, width, config.initializer_range), [1, width])
    },
    potentialHead: POTENTIAL
  }
}

/** `scalarHead` with a second head, the potential H of a segment critic. */
export const segmentHeads = (options: ScalarHeadOptions): SegmentModel => ({
  ...withPotential(scalarHead(options), options.config, options.seed),
  heads: segmentReading(grown(options))
})
