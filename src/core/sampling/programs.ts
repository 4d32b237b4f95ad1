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
const parameterNames = ({ config, scope }: Target): ReadonlyArray<string> =>
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

/**
 * A step that draws: results `tokens`, `logProbs` (not for greedy forms), `rawLogProbs` where it differs, and `last`
 * of forms with top-p or min-p among sorted candidates, all [B, n].
 */
const drawing = (target: Target, B: number, drawn: ReadonlyArray<Drawn>, caches: ReadonlyArray<KeyValues>): Step => {
  const columns = (pick: (d: Drawn) => Expr | undefined): Expr | undefined => {
    const xs = drawn.map(pick).filter((x) => x !== undefined)
    return xs.length === 0 ? undefined : concat(xs, 1)
  }
  const logProbs = columns((d) => d.logProb)
  const rawLogProbs = columns((d) => (d.rawLogProb === d.logProb ? undefined : d.rawLogProb))
  const last = columns((d) => d.last)
  const into = cacheNames(target, B).flatMap(({ keys, values }, layer) => [
    [keys, caches[layer]!.keys] as const,
    [values, caches[layer]!.values] as const
  ])
  const program = Programs.fromExprs({
    tokens: columns((d) => d.token)!,
    ...(logProbs === undefined ? {} : { logProbs }),
    ...(rawLogProbs === undefined ? {} : { rawLogProbs }),
    ...(last === undefined ? {} : { last }),
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

/** Cached rows of some sequences, for others: entry p·B + b of `sources` [n·B] is the row of x [n, ...] that b takes at p. */
const pick = (target: Target, x: Expr, sources: Expr, B: number): Expr => {
  const n = x.shape[0]!
  const width = target.config.num_key_value_heads * target.config.head_dim
  return reshape(gather(reshape(x, [-1, width]), sources), [n, ...cacheRow(target, B)])
}

/**
 * Reads distinct prompts and draws the first token of each of B rows.
 *
 * Feeds: `ids` [prompts, width] i32 padded on the left, `start` [prompts] i32, `uniforms` [B, 1], the form's knobs; for
 * penalised forms `history` [B, width] i32 with `historyWeights`, 0 where it is padding. With fewer prompts than rows
 * also `owners` [B] i32, the prompt of each row, and `sources` [width · B] i32: entry p·B + b is p·prompts + owners[b].
 */
export const prefillStep = (target: Target, form: Form, B: number, width: number, prompts: number): Step => {
  const ids = input("ids", [prompts, width], "i32")
  const read = prefill(target.config, params(target), ids, { start: input("start", [prompts], "i32") })
  const drawFrom = (logits: Expr): ReadonlyArray<Drawn> => [
    draw(form, logits, input("uniforms", [B, 1]), history(form, B, width))
  ]
  if (prompts === B) return drawing(target, B, drawFrom(read.logits), read.caches)
  const sources = input("sources", [width * B], "i32")
  const shared = read.caches.map(({ keys, values }) => ({
    keys: pick(target, keys, sources, B),
    values: pick(target, values, sources, B)
  }))
  return drawing(target, B, drawFrom(gather(read.logits, input("owners", [B], "i32"))), shared)
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
  const moved = cacheNames(target, smaller).flatMap(({ keys, values }, layer) => [
    [keys, pick(target, from[layer]!.keys, sources, smaller)] as const,
    [values, pick(target, from[layer]!.values, sources, smaller)] as const
  ])
  const program = Programs.fromExprs(Object.fromEntries(moved.map(([name, x]) => [next(name), x])))
  return Steps.make({
    program,
    resident: cacheNames(target, B).flatMap(({ keys, values }) => [keys, values]),
    carry: moved.map(([name]) => Steps.append(next(name), name)),
    guard: []
  })
}
