import { Effect, type Scope } from "effect"
import { forward, type ModelConfig, parameterSpecs, tokenLogProbs } from "../model/index.ts"
import { paramName, type Specs, type Tree } from "../optim/index.ts"
import { type BuildError, type Expr, input, Programs, pad } from "../program/index.ts"
import {
  Backend,
  type Compile,
  type Executable,
  type Memory,
  type RunError,
  type UnsupportedOp
} from "../service/index.ts"
import type { RewardModel } from "./RewardModel.ts"
import { recentlyUsed } from "./recentlyUsed.ts"
import * as Sequence from "./Sequence.ts"

/** Everything that scoring can fail with. */
export type ScoreError = BuildError | RunError | UnsupportedOp

/** One number a completion token for every sequence, in the order given. */
export type Score = (
  sequences: ReadonlyArray<Sequence.Sequence>
) => Effect.Effect<ReadonlyArray<Float64Array>, ScoreError>

/** Several numbers a completion token, by name, for every sequence, in the order given. */
export type Readings<K extends string> = (
  sequences: ReadonlyArray<Sequence.Sequence>
) => Effect.Effect<ReadonlyArray<Readonly<Record<K, Float64Array>>>, ScoreError>

/** Where parameters lie, and how programs that read them are compiled. */
export interface ReadFrom {
  readonly memory: Memory
  /** Name of a parameter in memory, `param/<name>` by default. */
  readonly at?: (name: string) => string
  /** Compiles a step against this memory; the backend does by default. */
  readonly compile?: Compile
}

export interface ReaderOptions<K extends string> extends ReadFrom {
  readonly params: Specs
  /** Numbers of the tokens, each [B, T], of ids [B, T]. */
  readonly read: (params: Tree, ids: Expr) => Readonly<Record<K, Expr>>
  /** The parameters never change again: their present value is compiled in, which is faster. Where `compile` is given it says. */
  readonly frozen?: boolean
  /**
   * Sequences read in one run: 64 by default, and fewer where the longest is over 256 tokens. Short last batches
   * are filled with padding rows, which are inert.
   */
  readonly rows?: number | undefined
}

/** How log-probabilities are computed. */
export interface LogitOptions {
  /** Tokens whose logits are computed together, all by default; what is computed does not depend on it. */
  readonly logitChunk?: number | undefined
}

/** log p(token t | tokens before t) for every column of ids [B, T]; column 0 is 0. */
export const logProbsOf = (config: ModelConfig, params: Tree, ids: Expr, { logitChunk }: LogitOptions = {}): Expr => {
  const { hidden } = forward(config, params, ids)
  const options = logitChunk === undefined ? {} : { chunk: logitChunk }
  return pad(tokenLogProbs(config, params, hidden, ids, options).logProbs, 1, 1, 0)
}

const [ROWS, TOKENS] = [64, 64 * 256] as const

/** Sequences read in one run where nobody says: few enough that padding rows of long ones cost little time and memory. */
const rowsWithin = (width: number): number => Math.max(1, Math.min(ROWS, Math.floor(TOKENS / width)))

/** Programs that are kept at a time: each holds what its runs needed. */
const KEPT = 8

/**
 * Reads whatever `read` computes; sequences of similar length run together, one program a padded shape. Shapes that have
 * not been read for long are compiled again when they come up.
 */
export const readings = <const K extends string>(
  options: ReaderOptions<K>
): Effect.Effect<Readings<K>, never, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { memory, params, read, frozen = false, at = paramName } = options
    const backend = yield* Backend
    const compile =
      options.compile ?? ((step) => backend.compile(step, { memory, freeze: frozen ? step.resident : [] }))
    const programs = yield* recentlyUsed<Executable>(KEPT)
    const resident = Object.keys(params).map((name) => at(name))

    const compiled = Effect.fnUntraced(function* (rows: number, width: number) {
      const program = yield* Effect.fromResult(
        Programs.attempt(() => {
          const tree = Object.fromEntries(
            Object.entries(params).map(([name, s]) => [name, input(at(name), s.shape, s.dtype)])
          )
          return Programs.fromExprs(read(tree, input("ids", [rows, width], "i32")))
        })
      )
      const used = Programs.inputs(program)
      const present = resident.filter((name) => used[name] !== undefined)
      return yield* compile({ program, resident: present, carry: [], guard: [] })
    })

    return Effect.fnUntraced(function* (sequences) {
      const order = sequences
        .map((_, i) => i)
        .sort((a, b) => Sequence.length(sequences[a]!) - Sequence.length(sequences[b]!))
      const results = new Array<Readonly<Record<K, Float64Array>>>(sequences.length)
      const { rows = rowsWithin(Sequence.width(sequences)) } = options
      for (let from = 0; from < order.length; from += rows) {
        const chosen = order.slice(from, from + rows)
        const batch = chosen.map((i) => sequences[i]!)
        const width = Sequence.width(batch)
        const ids = Sequence.ids(batch, rows, width)
        const values = yield* programs(`${rows} x ${width}`, compiled(rows, width), ({ run }) => run({ ids }))
        const found = Object.entries(values).map(
          ([name, { data }]) => [name, Sequence.completionsOf(batch, data, width)] as const
        )
        for (const [row, i] of chosen.entries()) {
          results[i] = Object.fromEntries(found.map(([name, rows]) => [name, rows[row]!])) as Record<K, Float64Array>
        }
      }
      return results
    })
  })

/** Reads one number a token. */
export const make = ({
  read,
  ...options
}: Omit<ReaderOptions<"values">, "read"> & {
  /** One number a token, [B, T], of ids [B, T]. */
  readonly read: (params: Tree, ids: Expr) => Expr
}): Effect.Effect<Score, never, Backend | Scope.Scope> =>
  Effect.map(
    readings<"values">({ ...options, read: (params, ids) => ({ values: read(params, ids) }) }),
    (score) => (sequences) => Effect.map(score(sequences), (rows) => rows.map(({ values }) => values))
  )

/** Log-probability of every completion token under the language model in memory, in nats. */
export const logProbs = (
  config: ModelConfig,
  memory: Memory,
  options: LogitOptions & Pick<ReaderOptions<never>, "compile" | "frozen" | "rows"> = {}
): Effect.Effect<Score, never, Backend | Scope.Scope> =>
  make({
    memory,
    params: parameterSpecs(config),
    read: (params, ids) => logProbsOf(config, params, ids, options),
    ...options
  })

/** Reward logit of every completion token under the reward model in memory: high means "the expert wrote this". */
export const rewards = (
  model: RewardModel,
  memory: Memory,
  options: { readonly frozen?: boolean } = {}
): Effect.Effect<Score, never, Backend | Scope.Scope> =>
  make({ memory, params: { ...model.params, ...model.frozen }, read: model.rewards, ...options })
