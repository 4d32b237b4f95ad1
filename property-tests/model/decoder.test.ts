import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { type ForwardOptions, forward, logits, type ModelConfig, parameterSpecs } from "../../src/core/model/index.ts"
import { input, Programs } from "../../src/core/program/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { batch, config, rows, symbols, weights } from "./models.ts"

type Rows = ReadonlyArray<ReadonlyArray<number>>

/** Logits of every token, [b][t][v]. */
const run = (
  of: ModelConfig,
  params: Readonly<Record<string, Tensor>>,
  ids: Rows,
  start?: ReadonlyArray<number>,
  blocks: Pick<ForwardOptions, "queryBlock" | "sequenceBlock"> = {}
): ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>> => {
  const tokens = batch(ids)
  const at = input("ids", tokens.shape, "i32")
  const options = {
    ...blocks,
    ...(start === undefined ? {} : { start: input("start", [start.length], "i32") })
  }
  const { hidden } = forward(of, symbols(of), at, options)
  const program = Programs.fromExprs({ logits: logits(of, symbols(of), hidden) })
  const feeds = start === undefined ? params : { ...params, start: Tensors.i32(start, [start.length]) }
  const { data } = evaluate(program, { ...feeds, ids: tokens })["logits"]!
  const V = of.vocab_size
  const T = ids[0]!.length
  return ids.map((row, b) => row.map((_, t) => Array.from(data.subarray((b * T + t) * V, (b * T + t + 1) * V))))
}

const same = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  for (const [v, e] of expected.entries()) expect(actual[v]).toBeCloseTo(e, 10)
}

const options = { seed: 42, numRuns: 40 }
const seed = fc.nat(1000)
const sized = fc.record({ B: fc.integer({ min: 1, max: 3 }), T: fc.integer({ min: 1, max: 6 }) })
const given = fc
  .tuple(config, seed, sized)
  .chain(([of, s, { B, T }]) =>
    fc.record({ of: fc.constant(of), params: fc.constant(weights(of, s)), ids: rows(B, T) })
  )

describe("forward", () => {
  it("law: a later token never changes an earlier logit", () => {
    fc.assert(
      fc.property(given, fc.nat(), fc.nat(10), ({ of, params, ids }, at, to) => {
        const t = at % ids[0]!.length
        const changed = ids.map((row) => row.with(t, to))
        const [before, after] = [run(of, params, ids), run(of, params, changed)]
        for (const [b, row] of before.entries()) for (let s = 0; s < t; s++) same(after[b]![s]!, row[s]!)
      }),
      options
    )
  })

  it("law: an earlier token does change a later logit", () => {
    fc.assert(
      fc.property(given, ({ of, params, ids }) => {
        const T = ids[0]!.length
        fc.pre(T > 1)
        const changed = ids.map((row) => row.with(0, (row[0]! + 1) % 11))
        const distance = run(of, params, ids)[0]![T - 1]!.reduce(
          (d, x, v) => d + Math.abs(x - run(of, params, changed)[0]![T - 1]![v]!),
          0
        )
        expect(distance).toBeGreaterThan(1e-9)
      }),
      options
    )
  })

  it("law: padding on the right is inert, whatever its ids and its width", () => {
    fc.assert(
      fc.property(given, fc.array(fc.nat(10), { minLength: 1, maxLength: 4 }), ({ of, params, ids }, padding) => {
        const padded = run(
          of,
          params,
          ids.map((row) => [...row, ...padding])
        )
        for (const [b, row] of run(of, params, ids).entries())
          for (const [t, z] of row.entries()) same(padded[b]![t]!, z)
      }),
      options
    )
  })

  it("law: padding on the left is inert, whatever its ids and its width", () => {
    fc.assert(
      fc.property(
        given,
        fc.array(fc.array(fc.nat(10), { maxLength: 4 }), { minLength: 3, maxLength: 3 }),
        (g, pads) => {
          const { of, params, ids } = g
          const width = Math.max(...pads.map((p) => p.length))
          // Rows of different true lengths, so that each has its own start.
          const shorter = ids.map((row, b) => row.slice(Math.min(row.length - 1, pads[b]!.length)))
          const padded = shorter.map((row, b) => {
            const n = ids[b]!.length - row.length + width
            return [...Array.from({ length: n }, (_, i) => pads[b]![i % Math.max(1, pads[b]!.length)] ?? 0), ...row]
          })
          const start = padded.map((row, b) => row.length - shorter[b]!.length)
          const all = run(of, params, padded, start)
          for (const [b, row] of shorter.entries()) {
            const alone = run(of, params, [row])[0]!
            for (const [t, z] of alone.entries()) same(all[b]![start[b]! + t]!, z)
          }
        }
      ),
      options
    )
  })

  it("law: rows do not know of each other, so a permuted batch gives permuted logits", () => {
    fc.assert(
      fc.property(given, ({ of, params, ids }) => {
        const together = run(of, params, ids)
        const reversed = run(of, params, ids.toReversed())
        for (const [b, row] of ids.entries()) {
          const alone = run(of, params, [row])[0]!
          for (const [t, z] of alone.entries()) {
            same(together[b]![t]!, z)
            same(reversed[ids.length - 1 - b]![t]!, z)
          }
        }
      }),
      options
    )
  })

  it("law: blocks of queries and of sequences of any width give the same logits", () => {
    const width = fc.integer({ min: 1, max: 4 })
    const widths = fc.record({ queryBlock: width, sequenceBlock: width })
    fc.assert(
      fc.property(given, widths, fc.boolean(), ({ of, params, ids }, blocks, padded) => {
        const start = padded ? ids.map((row, b) => b % row.length) : undefined
        const blocked = run(of, params, ids, start, blocks)
        for (const [b, row] of run(of, params, ids, start).entries()) {
          // What a padding position computes means nothing, and nobody reads it.
          for (const [t, z] of row.entries()) if (t >= (start?.[b] ?? 0)) same(blocked[b]![t]!, z)
        }
      }),
      options
    )
  })

  it("law: grouped key heads are separate key heads that happen to be equal", () => {
    fc.assert(
      fc.property(given, ({ of, params, ids }) => {
        const { num_attention_heads: H, num_key_value_heads: groups, head_dim } = of
        const separate: ModelConfig = { ...of, num_key_value_heads: H }
        const repeated = Object.entries(parameterSpecs(separate)).map(([name, spec]) => {
          const { data, shape } = params[name]!
          if (!/\.[kv]_proj\./.test(name)) return [name, params[name]!] as const
          const head = (head_dim * data.length) / shape[0]!
          const blocks = Array.from({ length: H }, (_, h) => {
            const g = Math.floor((h * groups) / H)
            return Array.from(data.subarray(g * head, (g + 1) * head))
          })
          return [name, Tensors.f64(blocks.flat(), spec.shape)] as const
        })
        const actual = run(separate, Object.fromEntries(repeated), ids)
        for (const [b, row] of run(of, params, ids).entries())
          for (const [t, z] of row.entries()) same(actual[b]![t]!, z)
      }),
      options
    )
  })
})
