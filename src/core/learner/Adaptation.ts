import { Effect, Result, type Scope } from "effect"
import { type Adapter, AdapterRejected, Adapters, adaptedStep, withAdapter } from "../adapter/index.ts"
import { type Head, type ModelConfig, parameterSpecs } from "../model/index.ts"
import { paramName, residentParams, type Specs, type Tree } from "../optim/index.ts"
import type { BackendFailure, BadFeed, Compile } from "../service/index.ts"
import { Shapes } from "../tensor/index.ts"
import { type Params, split } from "./Params.ts"
import { type BadScope, claim, type Over } from "./SharedBase.ts"
import type * as Trainer from "./Trainer.ts"

/** An adapter that trains in the place of a model's weights: its parameters lie beside a frozen base that others share. */
export interface Adaptation extends Over {
  /** Of the base's configuration. */
  readonly adapter: Adapter
}

/** The adapter of a policy, which has a reference. */
export interface PolicyAdaptation extends Adaptation {
  /**
   * What the policy is held to: the policy that training starts from (by default), or the base alone, the adapter off. Of
   * a fresh adapter both are the same, and the base serves; of one that was trained before the values at the start stay
   * beside it.
   */
  readonly reference?: "base" | "start"
}

/** Whether an adapter with these values leaves its base as it is: each B is zero, and nothing is copied. */
export const isIdle = ({ params, saved }: Adapter, values: Params): boolean =>
  saved.length === 0 &&
  Object.keys(params).every((name) => !name.endsWith(".lora_B.weight") || values[name]!.data.every((x) => x === 0))

/** What of a language model trains, and how its programs read it: all weights, some, or an adapter over a base. */
export interface Trained {
  readonly params: Specs
  readonly frozen: Specs
  readonly over?: Over
  /** What a program reads of the model, given the parameters of both kinds. */
  readonly reading: <T extends Tree>(tree: Tree, read: (params: Tree) => T) => T
  /** Compiles a step that was built for the base alone, and that then reads the model as it trains. */
  readonly compile: (trainer: Pick<Trainer.Trainer, "compile">) => Compile
}

/** The weights themselves, or those of them whose name `trains` holds. */
export const weights = (config: ModelConfig, trains: (name: string) => boolean = () => true): Trained => {
  const [params, frozen] = split(parameterSpecs(config), trains)
  return { params, frozen, reading: (tree, read) => read(tree), compile: ({ compile }) => compile }
}

/** What is left of a base's parameters where an adapter has its own copies of some. */
export const frozenUnder = ({ saved }: Adapter, config: ModelConfig, head: Head): Specs =>
  split(parameterSpecs(config, head), (name) => !saved.includes(name))[0]

/** Fails where an adapter was made for a model of another shape, or of another head. */
export const fits = (adapter: Adapter, config: ModelConfig, head: Head): Result.Result<void, AdapterRejected> => {
  const rejected = (at: string, reason: string) => Result.fail(new AdapterRejected({ kind: "mismatch", at, reason }))
  if (Adapters.headOf(adapter.config) !== head) {
    const [needed, who] = head === "reward" ? ["SEQ_CLS", "critic"] : ["CAUSAL_LM", "policy"]
    return rejected("task_type", `a ${who} needs ${needed}. Make its adapter with that task type.`)
  }
  return Result.flatMap(Adapters.make(adapter.config, config), ({ params }) => {
    const differing = ({ params: a }: Pick<Adapter, "params">, b: Specs) =>
      Object.entries(a).find(([name, { shape }]) => b[name] === undefined || !Shapes.equal(b[name].shape, shape))
    const wrong = differing(adapter, params) ?? differing({ params }, adapter.params)
    if (wrong === undefined) return Result.succeed(undefined)
    const reason =
      "is of another model's shape. Make the adapter with the configuration of the base that it trains over."
    return rejected(wrong[0], reason)
  })
}

/** Compiles steps that were built for the base alone to read it under the adapter with the values in a scope. */
const compiledUnder =
  (adapter: Adapter, scope: string) =>
  ({ compile }: { readonly compile: Compile }): Compile =>
  (step) => {
    const places = { base: paramName(""), own: paramName("", scope) }
    // It fits the base, so that the step of any program of this decoder can be adapted.
    return compile(Result.getOrThrow(adaptedStep(adapter, step, places)))
  }

/** An adapter over a base. Fails where it is another model's. */
export const adaptation = (
  { adapter, base, scope }: Adaptation,
  config: ModelConfig
): Effect.Effect<Trained, AdapterRejected> =>
  Effect.as(Effect.fromResult(fits(adapter, config, "language")), {
    params: adapter.params,
    frozen: frozenUnder(adapter, config, "language"),
    over: { base, scope },
    reading: (tree, read) => withAdapter(adapter, tree, tree, read),
    compile: compiledUnder(adapter, scope)
  })

/**
 * An adapter with values that stay, to be read beside whatever trains over the same base: a reference, a policy to be
 * evaluated. Returns what compiles steps that are built for the base alone; the values are freed with the Effect scope.
 */
export const frozen = ({
  adapter,
  base,
  scope,
  values
}: Adaptation & { readonly values: Params }): Effect.Effect<
  Compile,
  BadScope | BackendFailure | BadFeed,
  Scope.Scope
> =>
  Effect.gen(function* () {
    yield* claim({ base, scope })
    yield* base.memory.write(residentParams(values, scope))
    return compiledUnder(adapter, scope)(base)
  })

/** What trains: the adapter where there is one, else the weights. */
export const trainedOf = (
  config: ModelConfig,
  adapter: Adaptation | undefined,
  trains?: (name: string) => boolean
): Effect.Effect<Trained, AdapterRejected> =>
  adapter === undefined ? Effect.succeed(weights(config, trains)) : adaptation(adapter, config)
