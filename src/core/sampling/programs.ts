import { decode, type KeyValues, type ModelConfig, type Params, parameterSpecs, prefill } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import { add, concat, type Expr, gather, input, Programs, reshape, type Step, Steps, slice } from "../program/index.ts"
import { type Drawn, draw, occurred, occurrences } from "./draw.ts"
import type { Form } from "./Form.ts"

/** Whose programs these are: the model, and where its parameters and caches lie in memory. */
export interface Target {
  readonly config: ModelConfig
  /** Scope of the parameters: `<scope>param/<name>`. */
  readonly scope: string
  /** Prefix of the caches, which are named by the number of rows as well. */
  readonly caches: string
}

/** Resident names of the parameters. */
export const parameterNames = ({ config, scope }: Target): ReadonlyArray<string> =>
  Object.keys(parameterSpecs(config)).map((name) => paramName(name, scope))

const params = ({ config, scope }: Target): Params =>
  Object.fromEntries(
    Object.entries(parameterSpecs(config)).map(([name, s]) => [name, input(paramName(name, scope), s.shape, s.dtype)])
  )

/** Where the keys and values of batches of B rows lie: [rows, B·Hkv, head_dim] a layer. */
export const cacheNames = (
  { config, caches }: Target,
  B: number
): ReadonlyArray<{ readonly keys: string; readonly values: string }> =>
  Array.from({ length: config.num_hidden_layers }, (_, layer) => ({
    keys: `${caches}/${B}/keys/${layer}`,
    values: `${caches}/${B}/values/${layer}`
  }))

/** Sizes of one row of a cache, for batches of B rows. */
export const cacheRow = ({ config }: Target, B: number): readonly [number, number] => [
  B * config.num_key_value_heads,
  config.head_dim
]

const past = (target: Target, B: number, rows: number): ReadonlyArray<KeyValues> =>
  cacheNames(target, B).map(({ keys, values }) => ({
    keys: input(keys, [rows, ...cacheRow(target, B)]),
    values: input(values, [rows, ...cacheRow(target, B)])
  }))

const next = (name: string): string => `next/${name}`

/** A step that draws: results `tokens`, `logProbs` (not for greedy forms) and `rawLogProbs` where it differs, all [B, n]. */
const drawing = (target: Target, B: number, drawn: ReadonlyArray<Drawn>, caches: ReadonlyArray<KeyValues>): Step => {
  const columns = (pick: (d: Drawn) => Expr | undefined): Expr | undefined => {
    const xs = drawn.map(pick).filter((x) => x !== undefined)
    return xs.length === 0 ? undefined : concat(xs, 1)
  }
  const logProbs = columns((d) => d.logProb)
  const rawLogProbs = columns((d) => (d.rawLogProb === d.logProb ? undefined : d.rawLogProb))
  const into = cacheNames(target, B).flatMap(({ keys, values }, layer) => [
    [keys, caches[layer]!.keys] as const,
    [values, caches[layer]!.values] as const
  ])
  const program = Programs.fromExprs({
    tokens: columns((d) => d.token)!,
    ...(logProbs === undefined ? {} : { logProbs }),
    ...(rawLogProbs === undefined ? {} : { rawLogProbs }),
    ...Object.fromEntries(into.map(([name, rows]) => [next(name), rows]))
  })
  const known = new Set([...parameterNames(target), ...into.map(([name]) => name)])
  return Steps.make({
    program,
    resident: Object.keys(Programs.inputs(program)).filter((name) => known.has(name)),
    carry: into.map(([name]) => Steps.append(next(name), name)),
    guard: [rawLogProbs === undefined ? "logProbs" : "rawLogProbs"]
  })
}

const uniform = (uniforms: Expr, j: number): Expr => slice(uniforms, 1, j, j + 1)

const history = (form: Form, B: number, n: number): Expr | undefined =>
  form.penalised ? occurrences(form, input("history", [B, n], "i32"), input("historyWeights", [B, n])) : undefined

/**
 * Reads prompts and draws the first token of each row.
 *
 * Feeds: `ids` [B, width] i32 padded on the left, `start` [B] i32, `uniforms` [B, 1], and for penalised forms
 * `history` [B, width] i32 with `historyWeights`, 0 where it is padding; the form's knobs.
 */
export const prefillStep = (target: Target, form: Form, B: number, width: number): Step => {
  const ids = input("ids", [B, width], "i32")
  const { logits, caches } = prefill(target.config, params(target), ids, { start: input("start", [B], "i32") })
  return drawing(target, B, [draw(form, logits, input("uniforms", [B, 1]), history(form, B, width))], caches)
}

/**
 * Reads the token drawn last and draws `unroll` more, each read by the next.
 *
 * Feeds: `tokens` [B] i32, their `positions` [B] i32, `mask` [B, 1, 1, rows] added to the scores of the cache's first
 * `rows` rows, `uniforms` [B, unroll], for penalised forms `history` [B, rows + 1]; the form's knobs.
 */
export const decodeStep = (target: Target, form: Form, B: number, rows: number, unroll: number): Step => {
  const uniforms = input("uniforms", [B, unroll])
  const positions = input("positions", [B], "i32")
  const mask = input("mask", [B, 1, 1, rows])
  const weights = params(target)
  const cached = past(target, B, rows)
  const drawn: Array<Drawn> = []
  let tokens = input("tokens", [B], "i32")
  let seen = history(form, B, rows + 1)
  let recent: ReadonlyArray<KeyValues> = []
  for (let j = 0; j < unroll; j++) {
    const decoded = decode(target.config, weights, {
      tokens,
      positions: j === 0 ? positions : add(positions, j),
      past: cached,
      recent,
      mask
    })
    const one = draw(form, decoded.logits, uniform(uniforms, j), seen)
    drawn.push(one)
    recent = decoded.caches
    tokens = reshape(one.token, [B])
    seen = seen === undefined ? undefined : occurred(form, seen, one.token)
  }
  return drawing(target, B, drawn, recent)
}

/**
 * Copies the cached rows of some sequences of a batch into the caches of a smaller one.
 *
 * Feed `sources` [rows · smaller] i32: entry p·smaller + b is p·B + the row of the sequence that becomes row b.
 */
export const compactStep = (target: Target, B: number, smaller: number, rows: number): Step => {
  const sources = input("sources", [rows * smaller], "i32")
  const from = past(target, B, rows)
  const width = target.config.num_key_value_heads * target.config.head_dim
  const pick = (x: Expr): Expr =>
    reshape(gather(reshape(x, [rows * B, width]), sources), [rows, ...cacheRow(target, smaller)])
  const moved = cacheNames(target, smaller).flatMap(({ keys, values }, layer) => [
    [keys, pick(from[layer]!.keys)] as const,
    [values, pick(from[layer]!.values)] as const
  ])
  const program = Programs.fromExprs(Object.fromEntries(moved.map(([name, x]) => [next(name), x])))
  return Steps.make({
    program,
    resident: cacheNames(target, B).flatMap(({ keys, values }) => [keys, values]),
    carry: moved.map(([name]) => Steps.append(next(name), name)),
    guard: []
  })
}
