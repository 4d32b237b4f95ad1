import { Effect, Scope } from "effect"
import { forward, type Head, type ModelConfig, parameterSpecs, tokenLogProbs, tokenRewards } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import { type BuildError, type Expr, input, Programs, pad } from "../program/index.ts"
import { Backend, type Executable, type Memory, type RunError, type UnsupportedOp } from "../service/index.ts"
import * as Sequence from "./Sequence.ts"

/** Everything that scoring can fail with. */
export type ScoreError = BuildError | RunError | UnsupportedOp

/** One number a completion token for every sequence, in the order given. */
export type Score = (
  sequences: ReadonlyArray<Sequence.Sequence>
) => Effect.Effect<ReadonlyArray<Float64Array>, ScoreError>

/** Sequences scored in one run; short last batches are filled with padding rows, which are inert. */
const ROWS = 64

/** log p(token t | tokens before t) for every column of ids [B, T]; column 0 is 0. */
export const logProbsOf = (config: ModelConfig, params: Readonly<Record<string, Expr>>, ids: Expr): Expr =>
  pad(tokenLogProbs(config, params, forward(config, params, ids).hidden, ids).logProbs, 1, 1, 0)

/** Reward logit of every column of ids [B, T]. */
export const rewardsOf = (config: ModelConfig, params: Readonly<Record<string, Expr>>, ids: Expr): Expr =>
  tokenRewards(params, forward(config, params, ids).hidden, ids.shape[0]!)

/** Parameters of a model as inputs under their names in memory. */
const residentInputs = (config: ModelConfig, head: Head): Readonly<Record<string, Expr>> =>
  Object.fromEntries(
    Object.entries(parameterSpecs(config, head)).map(([name, s]) => [name, input(paramName(name), s.shape, s.dtype)])
  )

const make =
  (
    head: Head,
    read: (config: ModelConfig, params: Readonly<Record<string, Expr>>, ids: Expr) => Expr
  ): ((
    config: ModelConfig,
    memory: Memory,
    options?: { readonly frozen?: boolean }
  ) => Effect.Effect<Score, never, Backend | Scope.Scope>) =>
  (config, memory, options = {}) =>
    Effect.gen(function* () {
      const backend = yield* Backend
      const scope = yield* Effect.scope
      const compiled = new Map<number, Executable>()

      const compiledFor = Effect.fnUntraced(function* (width: number) {
        const known = compiled.get(width)
        if (known !== undefined) return known
        const params = residentInputs(config, head)
        const resident = Object.keys(params).map((name) => paramName(name))
        const program = yield* Effect.fromResult(
          Programs.attempt(() =>
            Programs.fromExprs({ values: read(config, params, input("ids", [ROWS, width], "i32")) })
          )
        )
        const executable = yield* backend
          .compile(
            { program, resident, carry: [], guard: [] },
            options.frozen === true ? { memory, freeze: resident } : { memory }
          )
          .pipe(Scope.provide(scope))
        compiled.set(width, executable)
        return executable
      })

      return Effect.fnUntraced(function* (sequences) {
        const order = sequences
          .map((_, i) => i)
          .sort((a, b) => Sequence.length(sequences[a]!) - Sequence.length(sequences[b]!))
        const results = new Array<Float64Array>(sequences.length)
        for (let from = 0; from < order.length; from += ROWS) {
          const chosen = order.slice(from, from + ROWS)
          const batch = chosen.map((i) => sequences[i]!)
          const width = Sequence.width(batch)
          const executable = yield* compiledFor(width)
          const { values } = yield* executable.run({ ids: Sequence.ids(batch, ROWS, width) })
          for (const [row, found] of Sequence.completionsOf(batch, values!.data, width).entries()) {
            results[chosen[row]!] = found
          }
        }
        return results
      })
    })

/** Log-probability of every completion token under the language model in memory, in nats. */
export const logProbs = make("language", logProbsOf)

/** Reward logit of every completion token under the reward model in memory: high means "the expert wrote this". */
export const rewards = make("reward", rewardsOf)
