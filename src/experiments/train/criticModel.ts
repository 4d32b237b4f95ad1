import { Effect, Result } from "effect"
import { type AdapterRejected, fromFiles, type StoredAdapter } from "../../core/adapter/index.ts"
import {
  adapterHead,
  adapterSegmentHeads,
  type CriticOptions,
  type LogitCriticOptions,
  type Over,
  RewardModels,
  type SegmentCriticChoice,
  verifierHead
} from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import { BadModelFolder, type FolderModel, findModel, readModel, sharedBase, weightsOf } from "../models/index.ts"
import { freshAdapter } from "./adapterOf.ts"
import type { AdapterRecipe, CriticRecipe } from "./Recipe.ts"
import type { Start } from "./start.ts"
import type { Work } from "./Work.ts"

/** The weights under a reward model's head. */
interface Trunk {
  readonly config: ModelConfig
  /** To start from, where all weights train or none is shared; absent where it starts from scratch or lies in `over`. */
  readonly params?: Start["params"]
  /** The frozen base that it is, and the place beside it of what trains. */
  readonly over?: Over
  /** What trains over it in the place of its weights. */
  readonly adapter?: Pick<StoredAdapter, "adapter"> & Partial<StoredAdapter>
}

/** The model that a trunk names, which must read the policy's tokens; the policy's own where it names none. */
const namedModel = Effect.fnUntraced(function* ({ trunk }: CriticRecipe, start: Start) {
  if (trunk._tag !== "Named") return start.model
  const model = yield* readModel(yield* findModel(trunk.name))
  if (JSON.stringify(model.tokenizer.json) === JSON.stringify(start.tokenizer.json)) return model
  return yield* new BadModelFolder({
    file: `${model.folder}/tokenizer.json`,
    reason: "its tokens are not the policy's, whose completions it is to judge: take a reward model of the same family."
  })
})

/** An adapter over a base: that of the folder that was named, or a fresh one. */
const rewardAdapter = (recipe: AdapterRecipe, model: FolderModel, named: boolean) =>
  named && model.adapter !== undefined
    ? fromFiles(model.adapter.files, model.config)
    : Result.map(freshAdapter(recipe, model, "SEQ_CLS"), (adapter): Trunk["adapter"] => ({ adapter }))

const trunkOf = Effect.fnUntraced(function* (critic: CriticRecipe, start: Start) {
  const model = critic.trunk._tag === "Fresh" ? undefined : yield* namedModel(critic, start)
  const config = model?.config ?? start.config
  const shared = model !== undefined && model.origin === start.model?.origin ? start.adapter?.base : undefined
  if (model !== undefined && critic.adapter !== undefined) {
    const adapter = yield* Effect.fromResult(rewardAdapter(critic.adapter, model, critic.trunk._tag === "Named"))
    const base = shared ?? (yield* sharedBase(model, critic.adapter))
    return { config, over: { base, scope: "critic/" }, ...(adapter === undefined ? {} : { adapter }) } satisfies Trunk
  }
  if (shared !== undefined && critic.head === "verifier")
    return { config, over: { base: shared, scope: "critic/" } } satisfies Trunk
  if (critic.trunk._tag === "Fresh") return { config } satisfies Trunk
  const own = critic.trunk._tag === "Policy" && start.adapter === undefined ? start.params : undefined
  const params = own ?? (model === undefined ? undefined : yield* weightsOf(model, "trunk"))
  return { config, ...(params === undefined ? {} : { params }) } satisfies Trunk
})

type Chosen = Pick<CriticOptions, "over"> &
  (Pick<LogitCriticOptions, "model" | "scale"> | Pick<SegmentCriticChoice, "model" | "segment">)

const modelOf = (work: Work, critic: CriticRecipe, trunk: Trunk): Result.Result<Chosen, AdapterRejected> => {
  const { config, params, adapter, over } = trunk
  const seed = Rng.seed(Rng.make(work.recipe.seed, "airl", "critic"))
  const options = { config, seed, ...(params === undefined ? {} : { trunk: params }) }
  const { segment, scale } = critic
  const place = over === undefined ? {} : { over }
  const scaled = scale === undefined ? {} : { scale }
  if (adapter !== undefined) {
    const { values } = adapter
    const over = { config, seed, adapter: adapter.adapter, ...(values === undefined ? {} : { values }) }
    return segment === undefined
      ? Result.map(adapterHead(over), (model) => ({ model, ...scaled, ...place }))
      : Result.map(adapterSegmentHeads(over), (model) => ({ model, segment, ...place }))
  }
  if (segment !== undefined) return Result.succeed({ segment, model: RewardModels.segmentHeads(options) })
  if (critic.head === "scalar") return Result.succeed({ model: RewardModels.scalarHead(options), ...scaled })
  // Without a trunk of its own it reads the shared base, or what the policy starts from.
  const { logitChunk } = work.recipe.memory
  const chunk = logitChunk === undefined ? {} : { logitChunk }
  const own = over === undefined ? { trunk: params ?? work.start.params } : {}
  return Result.succeed({ model: verifierHead({ ...options, ...own, ...chunk }), ...scaled, ...place })
}

/** The reward model of a run, before it has learned; its shape, and its adapter where it is one, to write it down. */
export const criticModel = Effect.fnUntraced(function* (work: Work, critic: CriticRecipe) {
  const trunk: Trunk = yield* trunkOf(critic, work.start)
  const chosen = yield* Effect.fromResult(modelOf(work, critic, trunk))
  const { config, adapter } = trunk
  return { chosen, config, ...(adapter === undefined ? {} : { adapter: adapter.adapter }) }
})
