import type { PackedIndex } from "../core/explorer/index.ts"
import { position, type TintScale } from "../core/figure/strip/index.ts"

/** What the reader asked for; `matches` are the rollouts whose text holds the words searched for, once known. */
export interface Filter {
  readonly verdict: "all" | "right" | "wrong" | "none"
  /** Indices into the dictionaries, -1 for all. */
  readonly file: number
  readonly source: number
  readonly category: number
  /** Trace scores kept, both ends included; null where open. */
  readonly from: number | null
  readonly to: number | null
  readonly matches: ReadonlySet<number> | null
}

export type SortKey = "place" | "score" | "logProb" | "tokens" | "verdict" | "prompt"

export interface Order {
  readonly key: SortKey
  readonly descending: boolean
}

/** Everything is shown. */
export const everything: Filter = {
  verdict: "all",
  file: -1,
  source: -1,
  category: -1,
  from: null,
  to: null,
  matches: null
}

const verdicts = { all: undefined, right: 1, wrong: 0, none: null } as const

/** Rollouts that pass, in their order. A rollout without a score passes no bound on scores. */
export const select = ({ rollouts }: PackedIndex, filter: Filter): ReadonlyArray<number> => {
  const verdict = verdicts[filter.verdict]
  const kept: Array<number> = []
  for (let r = 0; r < rollouts.file.length; r++) {
    if (verdict !== undefined && rollouts.verdict[r] !== verdict) continue
    if (filter.file >= 0 && rollouts.file[r] !== filter.file) continue
    if (filter.source >= 0 && rollouts.source[r] !== filter.source) continue
    if (filter.category >= 0 && rollouts.category[r] !== filter.category) continue
    const score = rollouts.score[r]!
    if (filter.from !== null && (score === null || score < filter.from)) continue
    if (filter.to !== null && (score === null || score > filter.to)) continue
    if (filter.matches !== null && !filter.matches.has(r)) continue
    kept.push(r)
  }
  return kept
}

const columnOf = ({ rollouts }: PackedIndex, key: Exclude<SortKey, "place">): ReadonlyArray<number | null> =>
  rollouts[key]

/** Sorted by a column; equal values keep their order, and rollouts without a value come last either way. */
export const sort = (
  index: PackedIndex,
  rows: ReadonlyArray<number>,
  { key, descending }: Order
): ReadonlyArray<number> => {
  if (key === "place") return descending ? rows.toReversed() : rows
  const column = columnOf(index, key)
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [column[a]!, column[b]!]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    return sign * (x - y)
  })
}

/** A bound as typed, with either minus; null where the field is empty, `undefined` where it holds no number. */
export const boundOf = (typed: string): number | null | undefined => {
  const text = typed.trim().replace("−", "-").replace(",", ".")
  if (text === "") return null
  return Number.isFinite(Number(text)) ? Number(text) : undefined
}

/** One bin of trace scores; the last holds its upper end. */
export interface Bin {
  readonly lower: number
  readonly upper: number
  readonly right: number
  readonly wrong: number
  readonly none: number
}

/** Bins of equal width over all scores, counting the given rollouts; none where no rollout has a score. */
export const histogram = ({ rollouts }: PackedIndex, rows: ReadonlyArray<number>, count = 40): ReadonlyArray<Bin> => {
  const scores = rollouts.score.filter((score) => score !== null)
  if (scores.length === 0) return []
  const low = scores.reduce((a, b) => Math.min(a, b))
  const high = scores.reduce((a, b) => Math.max(a, b))
  const width = (high - low) / count || 1
  const bins = Array.from({ length: count }, () => ({ right: 0, wrong: 0, none: 0 }))
  for (const r of rows) {
    const score = rollouts.score[r]!
    if (score === null) continue
    const bin = bins[Math.min(count - 1, Math.floor((score - low) / width))]!
    const verdict = rollouts.verdict[r]!
    if (verdict === null) bin.none++
    else if (verdict === 1) bin.right++
    else bin.wrong++
  }
  return bins.map((bin, b) => ({
    ...bin,
    lower: low + b * width,
    upper: b === count - 1 ? Math.max(high, low + count * width) : low + (b + 1) * width
  }))
}

/** All rollouts of the same prompt, best score first. */
export const siblingsOf = (index: PackedIndex, rollout: number): ReadonlyArray<number> => {
  const prompt = index.rollouts.prompt[rollout]
  const own = index.rollouts.prompt.flatMap((p, r) => (p === prompt ? [r] : []))
  return sort(index, own, { key: "score", descending: true })
}

/**
 * What a rollout is compared with: those of its prompt from its own file, whose scores come from one reward, and from any
 * file those that are no samples of a policy.
 */
export const groupOf = (index: PackedIndex, rollout: number): ReadonlyArray<number> => {
  const { file, source } = index.rollouts
  return siblingsOf(index, rollout).filter(
    (r) => file[r] === file[rollout] || references.includes(index.sources[source[r]!]!)
  )
}

/** Sources that a rollout is read beside, the first that its prompt has, by its own source. */
const besides: Readonly<Record<string, ReadonlyArray<string>>> = {
  perturbed: ["clean", "expert", "demonstration"],
  clean: ["perturbed"]
}
const usual = ["expert", "demonstration", "clean"]
const references = [...usual, "perturbed"]

/**
 * What a rollout is read beside: a perturbed text beside the clean one that it was made from and the other way round, any
 * other beside the expert of its prompt; where there is none, the best-scored rollout that was judged otherwise;
 * `undefined` where there is neither.
 */
export const partnerOf = (index: PackedIndex, rollout: number): number | undefined => {
  const { source, verdict } = index.rollouts
  const nameOf = (r: number): string => index.sources[source[r]!]!
  const others = groupOf(index, rollout).filter((r) => r !== rollout)
  for (const name of besides[nameOf(rollout)] ?? usual) {
    const found = others.find((r) => nameOf(r) === name)
    if (found !== undefined) return found
  }
  return others.find((r) => verdict[r] !== verdict[rollout] && verdict[r] !== null)
}

/** Tokens of a text, with their values: `values[t]` may be missing. */
export interface Step<A> {
  readonly tokens: ReadonlyArray<A>
}

/** Parts a list at the ends of steps, each end inclusive; what follows the last end is a step too. */
export const parted = <A>(tokens: ReadonlyArray<A>, ends: ReadonlyArray<number>): ReadonlyArray<Step<A>> => {
  const steps: Array<Step<A>> = []
  let start = 0
  for (const end of ends) {
    if (end < start || end >= tokens.length) continue
    steps.push({ tokens: tokens.slice(start, end + 1) })
    start = end + 1
  }
  if (start < tokens.length) steps.push({ tokens: tokens.slice(start) })
  return steps
}

/** Which entries of `own` stand unchanged in `other`, by a longest common subsequence; long texts count as changed. */
export const unchanged = (own: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<boolean> => {
  const same = own.map(() => false)
  let head = 0
  while (head < own.length && head < other.length && own[head] === other[head]) same[head++] = true
  let tail = 0
  while (
    tail < own.length - head &&
    tail < other.length - head &&
    own[own.length - 1 - tail] === other[other.length - 1 - tail]
  )
    same[own.length - 1 - tail++] = true
  const [a, b] = [own.slice(head, own.length - tail), other.slice(head, other.length - tail)]
  if (a.length * b.length > 4_000_000) return same
  const width = b.length + 1
  const longest = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      same[head + i++] = true
      j++
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++
    else j++
  }
  return same
}

/**
 * Values as so many heights in [-1, 1] around the middle of the scale, at most `most`: where several share a place, the
 * one farthest from the middle stands for them, so that a single low token of a long trace is seen.
 */
export const heights = (
  values: ReadonlyArray<number | null>,
  scale: TintScale,
  most: number
): ReadonlyArray<number> => {
  const count = Math.min(most, values.length)
  const found = Array.from({ length: count }, () => 0)
  for (const [t, value] of values.entries()) {
    const at = position(scale, value)
    const place = Math.floor((t * count) / values.length)
    if (Math.abs(at) > Math.abs(found[place]!)) found[place] = at
  }
  return found
}
