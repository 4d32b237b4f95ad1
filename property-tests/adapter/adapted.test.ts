import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Adapter,
  adapted,
  adaptedStep,
  merge,
  mergedWeight,
  unmerge,
  withAdapter
} from "../../src/core/adapter/index.ts"
import { evaluate } from "../../src/core/kernel/index.ts"
import { decode, forward, logits, type ModelConfig, prefill, tokenLogProbs } from "../../src/core/model/index.ts"
import {
  constant,
  type Expr,
  input,
  matMul,
  mean,
  mul,
  Programs,
  reshape,
  Steps,
  slice
} from "../../src/core/program/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { grad, simplify } from "../../src/core/transform/index.ts"
import { batch, config, rows, symbols, weights } from "../model/models.ts"
import { adapterOf, furthest, options, values } from "./subject.ts"

type Params = Readonly<Record<string, Expr>>
type Values = Readonly<Record<string, Tensor>>

const given = fc.record({ model: config, of: options, seed: fc.nat(1000), ids: rows(2, 4) })
const runs = { seed: 42, numRuns: 25 }

/** W + scale·B·A formed in the program: what the adapted program must equal, and must not do. */
const formed = (adapter: Adapter, base: Params, own: Params): Params => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(adapter.targets).map(([module, { scale }]) => [
      `${module}.weight`,
      mergedWeight(
        base[`${module}.weight`]!,
        { a: own[`${module}.lora_A.weight`]!, b: own[`${module}.lora_B.weight`]! },
        scale
      )
    ])
  )
})

const same = (a: Params, b: Params, feeds: Values): void => {
  const [x, y] = [evaluate(Programs.fromExprs(a), feeds), evaluate(Programs.fromExprs(b), feeds)]
  for (const name of Object.keys(y)) expect(furthest(x[name]!, y[name]!)).toBeLessThan(1e-9)
}

/** A pass over whole sequences, a prefill of all but one column, and the step that reads the last. */
const readings =
  (model: ModelConfig, ids: Expr) =>
  (params: Params): Params => {
    const [B, T] = ids.shape as readonly [number, number]
    const first = prefill(model, params, slice(ids, 1, 0, T - 1))
    const next = decode(model, params, {
      tokens: reshape(slice(ids, 1, T - 1), [B]),
      positions: input("positions", [B], "i32"),
      past: first.caches
    })
    return {
      all: logits(model, params, forward(model, params, ids).hidden, 0.7),
      first: first.logits,
      next: next.logits,
      keys: next.caches[model.num_hidden_layers - 1]!.keys
    }
  }

const lossOf =
  (model: ModelConfig, ids: Expr) =>
  (params: Params): { readonly loss: Expr } => ({
    loss: mean(tokenLogProbs(model, params, forward(model, params, ids).hidden, ids).logProbs)
  })

const ids = input("ids", [2, 4], "i32")
const positions = Tensors.i32([3, 3], [2])

/** A model with an adapter: both as inputs of programs, and values of all of them. */
const cases = given.map(({ model, of, seed, ids: row }) => {
  const adapter = adapterOf(model, of)
  return {
    model,
    adapter,
    base: symbols(model),
    own: Programs.inputsOf(adapter.params),
    feeds: { ...weights(model, seed), ...values(adapter, seed), ids: batch(row), positions }
  }
})

describe("adapted", () => {
  it("law: every reading of a model, cached steps included, is that of the weights W + scale·B·A", () =>
    fc.assert(
      fc.property(cases, ({ model, adapter, base, own, feeds }) => {
        const read = readings(model, ids)
        same(withAdapter(adapter, base, own, read), read(formed(adapter, base, own)), feeds)
      }),
      runs
    ))

  it("law: gradients of A and B are those through W + scale·B·A, before and after simplification", () =>
    fc.assert(
      fc.property(cases, ({ model, adapter, base, own, feeds }) => {
        const read = lossOf(model, ids)
        const slopes = (loss: Expr): Params => {
          const found = grad(loss, Object.values(own))
          return Object.fromEntries(Object.keys(own).map((name, i) => [name, found[i]!]))
        }
        const actual = slopes(withAdapter(adapter, base, own, read).loss)
        const expected = slopes(read(formed(adapter, base, own)).loss)
        same(actual, expected, feeds)
        same(Programs.toExprs(simplify(Programs.fromExprs(actual))).outputs, expected, feeds)
      }),
      runs
    ))

  it("law: adapting a program that holds gradients gives the gradients of the adapted program", () =>
    fc.assert(
      fc.property(cases, ({ model, adapter, base, own, feeds }) => {
        const read = lossOf(model, ids)
        const norms = Object.keys(base).filter((name) => name.endsWith("norm.weight"))
        const slopes = (loss: Expr): Params => {
          const found = grad(
            loss,
            norms.map((name) => base[name]!)
          )
          return Object.fromEntries(norms.map((name, i) => [name, found[i]!]))
        }
        same(
          adapted(adapter, slopes(read(base).loss), base, own),
          slopes(withAdapter(adapter, base, own, read).loss),
          feeds
        )
      }),
      runs
    ))

  it("law: two adapters add up, in either order", () =>
    fc.assert(
      fc.property(given, options, ({ model, of, seed, ids: row }, other) => {
        const [one, two] = [adapterOf(model, of), adapterOf(model, other)]
        const base = symbols(model)
        const scoped = (specs: Adapter["params"], prefix: string): Params =>
          Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, input(`${prefix}${name}`, shape)]))
        const [first, second] = [scoped(one.params, "1/"), scoped(two.params, "2/")]
        const prefixed = (prefix: string, record: Values): Values =>
          Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]))
        const feeds = {
          ...weights(model, seed),
          ...prefixed("1/", values(one, seed)),
          ...prefixed("2/", values(two, seed + 1)),
          ids: batch(row)
        }
        const read = lossOf(model, ids)
        same(
          adapted(two, adapted(one, read(base), base, first), base, second),
          adapted(one, adapted(two, read(base), base, second), base, first),
          feeds
        )
        same(
          adapted(two, adapted(one, read(base), base, first), base, second),
          read(formed(two, formed(one, base, first), second)),
          feeds
        )
      }),
      runs
    ))

  it("law: a step adapted by the names of its resident tensors is the step of the adapted reading", () =>
    fc.assert(
      fc.property(given, ({ model, of, seed, ids: row }) => {
        const adapter = adapterOf(model, of)
        const named = (prefix: string, specs: Params): Params =>
          Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, input(`${prefix}${name}`, shape)]))
        const base = named("param/", symbols(model))
        const own = named("param/policy/", Programs.inputsOf(adapter.params))
        const read = lossOf(model, ids)
        const plain = Steps.stateless(Programs.fromExprs(read(base)))
        const resident = Object.keys(Programs.inputs(plain.program)).filter((name) => name.startsWith("param/"))
        const result = adaptedStep(adapter, { ...plain, resident }, { base: "param/", own: "param/policy/" })
        if (result._tag === "Failure") throw result.failure
        const held = (prefix: string, record: Values): Values =>
          Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]))
        const feeds = {
          ...held("param/", weights(model, seed)),
          ...held("param/policy/", values(adapter, seed)),
          ids: batch(row)
        }
        same(Programs.toExprs(result.success.program).outputs, withAdapter(adapter, base, own, read), feeds)
        expect([...result.success.resident].sort()).toEqual(
          Object.keys(Programs.inputs(result.success.program))
            .filter((name) => name !== "ids")
            .sort()
        )
      }),
      runs
    ))

  const model: ModelConfig = { ...fc.sample(config, { seed: 1, numRuns: 1 })[0]!, hidden_size: 10 }

  it("law: neither B·A nor a gradient of W is ever formed", () => {
    const adapter = adapterOf(model, { r: 3, target_modules: "all-linear" })
    const [base, own] = [symbols(model), Programs.inputsOf(adapter.params)]
    const { loss } = withAdapter(adapter, base, own, lossOf(model, ids))
    const slopes = grad(loss, Object.values(own))
    const { nodes } = simplify(Programs.fromExprs(Object.fromEntries(slopes.map((g, i) => [`${i}`, g]))))
    const shapes = new Set(Object.keys(adapter.targets).map((module) => base[`${module}.weight`]!.shape.join()))
    const large = nodes.filter((n) => n.op._tag === "MatMul" && shapes.has(n.shape.join()))
    // What is as large by chance is no product of the thin matrices, but of activations.
    expect(large.filter((n) => n.args.every((a) => nodes[a]!.op._tag === "Input"))).toEqual([])
  })

  it("law: all forms of a product with the weight take up the update, on either side", () => {
    const adapter = adapterOf(model, { r: 2, lora_alpha: 5, target_modules: ["layers.0.mlp.down_proj"] })
    const name = "model.layers.0.mlp.down_proj"
    const [base, own] = [symbols(model), Programs.inputsOf(adapter.params)]
    const W = base[`${name}.weight`]!
    const feeds = { ...weights(model, 1), ...values(adapter, 2) }
    const noise = (rows: number, columns: number): Expr =>
      constant(Tensors.f64(Float64Array.from(Rng.normals(3, "x", rows * columns)), [rows, columns]))
    const [out, width] = W.shape as readonly [number, number]
    const outputs = (weight: Expr): Params =>
      Object.fromEntries(
        [false, true].flatMap((turned) =>
          [false, true].flatMap((other) => {
            const [left, right] = turned ? [out, width] : [width, out]
            const after = other ? noise(3, left) : noise(left, 3)
            const before = other ? noise(right, 3) : noise(3, right)
            const alpha = 0.7
            return [
              [`W${turned}x${other}`, matMul(weight, after, { transA: turned, transB: other, alpha })] as const,
              [`x${other}W${turned}`, matMul(before, weight, { transA: other, transB: turned, alpha })] as const
            ]
          })
        )
      )
    expect(Object.keys(outputs(W)).length).toBe(8)
    same(adapted(adapter, outputs(W), base, own), outputs(formed(adapter, base, own)[`${name}.weight`]!), feeds)
  })

  it("error: a weight that is read by anything but a product is refused by module", () => {
    const adapter = adapterOf(model, { target_modules: ["q_proj"] })
    const [base, own] = [symbols(model), Programs.inputsOf(adapter.params)]
    const weight = base["model.layers.0.self_attn.q_proj.weight"]!
    expect(() => adapted(adapter, { y: mul(weight, 2) }, base, own)).toThrow(
      'Mul reads the weight of "model.layers.0.self_attn.q_proj"'
    )
    expect(() => withAdapter(adapter, base, {}, lossOf(model, ids))).toThrow(
      'the adapter has no parameter "model.layers.0.self_attn.q_proj.lora_A.weight"'
    )
  })
})

describe("merge", () => {
  it("law: merged logits are adapted logits, and unmerging gives W back to 1e-6, in single precision too", () =>
    fc.assert(
      fc.property(given, fc.boolean(), ({ model, of, seed, ids: row }, single) => {
        const adapter = adapterOf(model, of)
        const narrow = (record: Values): Values =>
          Object.fromEntries(
            Object.entries(record).map(([name, { data, shape }]) => [
              name,
              single ? Tensors.f32(Float32Array.from(data), shape) : Tensors.f64(Float64Array.from(data), shape)
            ])
          )
        const [base, own] = [narrow(weights(model, seed)), narrow(values(adapter, seed))]
        const merged = merge(adapter, base, own)
        const program = Programs.fromExprs(lossOf(model, ids)(symbols(model)))
        const under = Programs.fromExprs(
          withAdapter(adapter, symbols(model), Programs.inputsOf(adapter.params), lossOf(model, ids))
        )
        const [a, b] = [
          evaluate(program, { ...merged, ids: batch(row) }),
          evaluate(under, { ...base, ...own, ids: batch(row) })
        ]
        expect(furthest(a["loss"]!, b["loss"]!)).toBeLessThan(single ? 1e-4 : 1e-10)
        const back = unmerge(adapter, merged, own)
        expect(Object.keys(back)).toEqual(Object.keys(base))
        for (const [name, { data }] of Object.entries(base)) {
          expect(back[name]!.data.constructor).toBe(data.constructor)
          const scale = Math.max(1, ...merged[name]!.data.map(Math.abs))
          expect(furthest(back[name]!, base[name]!)).toBeLessThan(1e-6 * scale)
        }
      }),
      runs
    ))

  it("edge: copies take the place of the base's, and stay", () => {
    const model = fc.sample(config, { seed: 2, numRuns: 1 })[0]!
    const adapter = adapterOf(model, { task_type: "SEQ_CLS", target_modules: ["q_proj"] })
    const own = values(adapter, 1)
    const head = Tensors.f64([...Rng.normals(9, "head", 8)], [1, 8])
    const merged = merge(adapter, { ...weights(model, 1), "score.weight": head }, own)
    expect(merged["score.weight"]).toBe(own["score.weight"])
    expect(unmerge(adapter, merged, own)["score.weight"]).toBe(own["score.weight"])
  })
})
