import { Result } from "effect"
import * as fc from "fast-check"
import { type Adapter, AdapterConfigs, type AdapterOptions, Adapters } from "../../src/core/adapter/index.ts"
import type { ModelConfig } from "../../src/core/model/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"

/** An adapter of a model, which must be one. */
export const adapterOf = (model: ModelConfig, options: AdapterOptions): Adapter =>
  Result.getOrThrow(Result.flatMap(AdapterConfigs.make(options), (config) => Adapters.make(config, model)))

/** Values in double precision, B and copies random: a B of zeros would hide mistakes. */
export const values = (adapter: Adapter, seed: number): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(adapter.params).map(([name, { shape }]) => {
      const n = shape.reduce((product, size) => product * size, 1)
      return [name, Tensors.f64(Float64Array.from(Rng.normals(seed, name, n, 0.4)), shape)]
    })
  )

/** Targets of every kind, ranks below and above the sizes of the weights, both scales. */
export const options: fc.Arbitrary<AdapterOptions> = fc.record({
  r: fc.constantFrom(1, 2, 9),
  lora_alpha: fc.constantFrom(1, -3, 8),
  use_rslora: fc.boolean(),
  target_modules: fc.constantFrom("all-linear", ".*(q|gate|down)_proj", ["v_proj", "o_proj"], ["layers.0.mlp.up_proj"])
})

/** Largest absolute difference of two tensors of one shape. */
export const furthest = (a: Tensor, b: Tensor): number =>
  a.data.length === b.data.length ? Math.max(0, ...a.data.map((x, i) => Math.abs(x - b.data[i]!))) : Number.NaN
