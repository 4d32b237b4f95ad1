import { Effect } from "effect"
import type { Feeds, RunError, SamplingOptions, UnsupportedOp } from "../service/index.ts"
import { type Batch, batchRows, bucket, distinct, promptRows } from "./Batch.ts"
import type { Engine, Plan } from "./Engine.ts"
import { type Form, withWindow } from "./Form.ts"
import { compactFeeds, decodeFeeds, prefillFeeds, type Slots } from "./feeds.ts"
import { extend, type Row } from "./Row.ts"

/** What all batches of a call share. */
export interface Job {
  readonly engine: Engine
  readonly form: Form
  readonly options: SamplingOptions
  readonly batchSize: number
  readonly unroll: number
  readonly padTo: number
}

type Draws = Exclude<Plan, { readonly _tag: "Compact" }>

/** The most candidates that top-p kept in a row that has not ended, counted from 1; 0 where ranks remove nothing. */
const widest = (slots: Slots, outputs: Feeds): number => {
  const last = outputs["last"]
  if (last === undefined) return 0
  const n = last.data.length / slots.B
  return (
    slots.rows.reduce(
      (most, row, b) =>
        row.finishReason === undefined ? Math.max(most, ...last.data.subarray(b * n, (b + 1) * n)) : most,
      -1
    ) + 1
  )
}

const take = (slots: Slots, outputs: Feeds, stopIds: ReadonlySet<number>): void => {
  const tokens = outputs["tokens"]!.data
  const logProbs = outputs["logProbs"]?.data
  const raw = outputs["rawLogProbs"]?.data ?? logProbs!
  const n = tokens.length / slots.B
  for (const [b, row] of slots.rows.entries()) {
    for (let j = b * n; j < (b + 1) * n; j++) {
      extend(row, { token: tokens[j]!, logProb: logProbs?.[j] ?? 0, rawLogProb: raw[j]! }, stopIds)
    }
  }
}

const isOpen = (row: Row): boolean => row.finishReason === undefined

/** The owners of B slots, which repeat the first one where there are fewer. */
const fill = (owners: ReadonlyArray<number>, B: number): ReadonlyArray<number> =>
  Array.from({ length: B }, (_, b) => owners[b] ?? owners[0]!)

/** Draws the completions of one batch after another, keeping in mind how many candidates top-p needed lately. */
export const make = (job: Job) => {
  const { engine, form, options, batchSize, unroll, padTo } = job
  const stopIds = new Set(options.stopIds)
  let nucleus = 0

  /** Runs with a window for the candidates, and again with a larger one until it holds them all. */
  const runDraw = (
    slots: Slots,
    plan: Draws,
    feeds: Feeds,
    at: number
  ): Effect.Effect<Feeds, RunError | UnsupportedOp> =>
    Effect.flatMap(engine.run(plan, feeds, at), (outputs) => {
      const kept = widest(slots, outputs)
      nucleus = Math.max(nucleus, kept)
      const { window, vocabulary } = plan.form
      if (kept < window || window === vocabulary) return Effect.succeed(outputs)
      return runDraw(slots, { ...plan, form: withWindow(form, window) }, feeds, at)
    })

  /** The batch without the sequences that have ended, where a smaller program serves the others. */
  const compact = Effect.fnUntraced(function* (slots: Slots, filled: number, end: number) {
    const open = slots.rows.flatMap((row, b) => (isOpen(row) ? [b] : []))
    const smaller = batchRows(open.length, batchSize)
    if (smaller >= slots.B) return slots
    const rows = bucket(filled, padTo)
    yield* engine.allocate(smaller, end)
    yield* engine.run({ _tag: "Compact", B: slots.B, smaller, rows }, compactFeeds(slots.B, rows, fill(open, smaller)))
    return { B: smaller, width: slots.width, rows: open.map((b) => slots.rows[b]!) }
  })

  const prefill = Effect.fnUntraced(function* (slots: Slots) {
    const { B, width } = slots
    const all = fill(slots.rows.keys().toArray(), B).map((b) => slots.rows[b]!.prompt)
    const { prompts, owners } = distinct(all)
    const room = promptRows(prompts.length, B)
    const plan: Draws = { _tag: "Prefill", form: withWindow(form, nucleus), B, width, prompts: room }
    const given =
      room === B
        ? { prompts: all, owners }
        : { prompts: fill([...prompts.keys()], room).map((i) => prompts[i]!), owners }
    take(slots, yield* runDraw(slots, plan, prefillFeeds(form, options, slots, given), 0), stopIds)
  })

  return Effect.fnUntraced(function* (batch: Batch, rows: ReadonlyArray<Row>) {
    const { width } = batch
    const longest = rows.reduce((most, row) => Math.max(most, row.limit), 0)
    const end = bucket(width + Math.ceil((longest - 1) / unroll) * unroll, padTo)
    let slots: Slots = { B: batchRows(rows.length, batchSize), width, rows }
    yield* engine.allocate(slots.B, end)
    // What the last batch needed tells how far to look in this one.
    yield* prefill(slots)
    for (let drawn = 1; rows.some(isOpen); drawn += unroll) {
      const filled = width + drawn - 1
      slots = yield* compact(slots, filled, end)
      const plan: Draws = {
        _tag: "Decode",
        form: withWindow(form, nucleus),
        B: slots.B,
        rows: bucket(filled, padTo),
        unroll
      }
      const feeds = decodeFeeds(form, options, slots, { drawn, filled, rows: plan.rows, unroll })
      take(slots, yield* runDraw(slots, plan, feeds, filled), stopIds)
    }
  })
}
