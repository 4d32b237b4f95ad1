import {
  add,
  argMax,
  cast,
  cumSum,
  div,
  type Expr,
  full,
  gatherElements,
  greater,
  input,
  less,
  log,
  logSoftmax,
  min,
  mul,
  reduceMax,
  scalar,
  scatterElements,
  slice,
  softmax,
  sub,
  sum,
  topK,
  where
} from "../program/index.ts"
import type { Form } from "./Form.ts"

const knob = (name: string): Expr => input(name, [])

/** How often each id has occurred: ids [B, n] i32 with weights [B, n], 0 for padding; result [B, vocabulary]. */
export const occurrences = (form: Form, ids: Expr, weights: Expr): Expr =>
  scatterElements(ids, weights, form.vocabulary)

/** The occurrences after one more token [B, 1]. */
export const occurred = (form: Form, seen: Expr, token: Expr): Expr =>
  add(seen, occurrences(form, token, full(token.shape, 1)))

/** Positive logits of seen tokens are divided by the penalty, negative ones multiplied (Keskar et al. 2019, section 4.1). */
const penalise = (logits: Expr, seen: Expr): Expr => {
  const penalty = knob("repetitionPenalty")
  const penalised = where(less(logits, 0), mul(logits, penalty), div(logits, penalty))
  return where(greater(seen, 0), penalised, logits)
}

/** Tokens in the order in which the draw runs through them. */
export interface Candidates {
  /** Probabilities before the removals, [B, K]. */
  readonly probabilities: Expr
  /** Running sum of the probabilities; a removed token adds nothing to it, or comes after all that are kept. */
  readonly cumulative: Expr
  /** Where the running sum of the kept tokens ends, [B, 1]. */
  readonly total: Expr
  /** The id of each, [B, K] i32; absent when candidate j is token j. */
  readonly ids: Expr | undefined
  /** The last one kept, [B, 1] i32; absent when nothing is removed by rank. When it is K - 1, more may belong. */
  readonly last: Expr | undefined
}

const lastColumn = (x: Expr): Expr => slice(x, 1, -1)

/** How many of each row hold, [B, 1], in floats. */
const count = (condition: Expr): Expr => sum(cast(condition, "f32"), [1])

/** By id, for forms without top-k and top-p: nothing is sorted. */
const unsorted = (form: Form, logits: Expr): Candidates => {
  const all = softmax(logits)
  const probabilities = form.minP ? where(less(all, mul(reduceMax(all, [1]), knob("minP"))), 0, all) : all
  const cumulative = cumSum(probabilities, 1)
  return { probabilities, cumulative, total: lastColumn(cumulative), ids: undefined, last: undefined }
}

/** By falling probability: every filter then removes a suffix, so one running sum serves top-p and the draw. */
const sorted = (form: Form, logits: Expr): Candidates => {
  const cut = form.topK > 0
  const best = topK(cut ? logits : softmax(logits), cut ? form.topK : form.window)
  const probabilities = cut ? softmax(best.values) : best.values
  const cumulative = cumSum(probabilities, 1)
  const K = probabilities.shape[1]!
  const most = slice(probabilities, 1, 0, 1)
  const ends = [
    ...(form.topP ? [count(less(cumulative, knob("topP")))] : []),
    ...(form.minP ? [sub(K - 1, count(less(probabilities, mul(most, knob("minP")))))] : [])
  ]
  const ids = best.indices
  if (ends.length === 0) return { probabilities, cumulative, total: lastColumn(cumulative), ids, last: undefined }
  const last = cast(ends.reduce(min, scalar(K - 1)), "i32")
  return { probabilities, cumulative, total: gatherElements(cumulative, last), ids, last }
}

/**
 * The distribution to draw from: repetition penalty, temperature, top-k, top-p, min-p, in this order.
 *
 * @param logits [B, V]; ids from `form.vocabulary` on are left out
 * With `form.window` below the vocabulary, only that many of the most likely tokens are looked at; the result is the
 * same unless `last` says that the window may have been too small.
 *
 * @param seen [B, vocabulary], how often each id has occurred; needed by penalised forms alone
 * @see specs/08-sampling.md
 */
export const candidates = (form: Form, logits: Expr, seen: Expr | undefined): Candidates => {
  const adjusted = adjust(form, logits, seen)
  const tempered = form.tempered ? mul(adjusted, knob("inverseTemperature")) : adjusted
  return form.topK > 0 || form.topP ? sorted(form, tempered) : unsorted(form, tempered)
}

const adjust = (form: Form, logits: Expr, seen: Expr | undefined): Expr => {
  const allowed = slice(logits, 1, 0, form.vocabulary)
  return form.penalised && seen !== undefined ? penalise(allowed, seen) : allowed
}

/** Whether the distribution is the model's own. */
const isPlain = (form: Form, V: number): boolean =>
  !(form.greedy || form.penalised || form.tempered || form.topK > 0 || form.topP || form.minP) && form.vocabulary === V

export interface Drawn {
  /** [B, 1] i32 */
  readonly token: Expr
  /** Under the distribution drawn from, in nats, [B, 1]; absent for greedy forms, where it is 0. */
  readonly logProb: Expr | undefined
  /** Under the model, in nats, [B, 1]; the same node as `logProb` when the distributions are the same. */
  readonly rawLogProb: Expr
  /** `Candidates.last` */
  readonly last?: Expr | undefined
}

/**
 * One token a row, by inversion: the first candidate at which the running sum exceeds uniform · total.
 *
 * A candidate that was removed adds nothing to the sum or lies beyond its total, so it cannot be first.
 *
 * @param uniform [B, 1], strictly inside (0, 1) in 32-bit floats, so that uniform · total < total
 */
export const draw = (form: Form, logits: Expr, uniform: Expr, seen: Expr | undefined): Drawn => {
  const raw = (token: Expr): Expr => gatherElements(logSoftmax(logits), token)
  if (form.greedy) {
    const token = argMax(adjust(form, logits, seen))
    return { token, logProb: undefined, rawLogProb: raw(token) }
  }
  const { probabilities, cumulative, total, ids, last } = candidates(form, logits, seen)
  const K = cumulative.shape[1]!
  const beyond = count(greater(cumulative, mul(uniform, total)))
  // The bound matters only where the logits are NaN: it keeps the id in range until the guard reports them.
  const at = cast(min(sub(K, beyond), K - 1), "i32")
  const token = ids === undefined ? at : gatherElements(ids, at)
  const logProb = log(div(gatherElements(probabilities, at), total))
  return { token, logProb, last, rawLogProb: isPlain(form, logits.shape[1]!) ? logProb : raw(token) }
}
