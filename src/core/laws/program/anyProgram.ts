import * as fc from "fast-check"
import { constant, type Expr, full, type Program, Programs } from "../../program/index.ts"
import { Rng, type Shape, Shapes, type Tensor, Tensors } from "../../tensor/index.ts"
import type { Grown, Kind, Pick, Pool } from "./growth.ts"
import { makers } from "./makers.ts"

/** A program with feeds for it. */
export interface Sample {
  readonly program: Program
  readonly feeds: Readonly<Record<string, Tensor>>
  /** Names of the float inputs. */
  readonly floats: ReadonlyArray<string>
}

/** Plain numbers from which a program grows: every such record gives a well-typed program. */
interface Recipe {
  readonly seed: number
  readonly shapes: ReadonlyArray<Shape>
  readonly picks: ReadonlyArray<Pick>
  readonly outputs: ReadonlyArray<number>
}

const idBound = 3
const kinds: ReadonlyArray<Kind> = ["smooth", "continuous", "any"]

/** Floats in (-1.5, 1.5), in double precision. */
export const floats = (seed: number, name: string, shape: Shape): Tensor => {
  const rng = Rng.make(seed, name)
  return Tensors.f64(
    Array.from({ length: Shapes.size(shape) }, () => 3 * Rng.uniform(rng) - 1.5),
    shape
  )
}

const integersBelow = (bound: number, seed: number, name: string, shape: Shape): ReadonlyArray<number> => {
  const rng = Rng.make(seed, name)
  return Array.from({ length: Shapes.size(shape) }, () => Rng.int(rng, bound))
}

const grow = ({ seed, shapes, picks, outputs }: Recipe, kind: Kind): Sample => {
  const feeds: Record<string, Tensor> = {}
  const small = shapes[0]!
  for (const [i, shape] of shapes.entries()) feeds[`x${i}`] = floats(seed, `x${i}`, shape)
  feeds["ids"] = Tensors.i32(integersBelow(idBound, seed, "ids", small), small)
  feeds["flags"] = Tensors.bool(Uint8Array.from(integersBelow(2, seed, "flags", small)), small)
  const inputs = Programs.inputsOf(feeds)
  const fixed = constant(floats(seed, "constant", small))
  const grown: Array<Grown> = [
    ...Object.entries(inputs).map(([name, x]) => ({ x, bound: name === "ids" ? idBound : 2 })),
    { x: fixed, bound: 2 },
    { x: full(small, 1), bound: 1 },
    { x: full(small, 0), bound: 1 }
  ]
  const allowed = makers.filter((m) => kinds.indexOf(m.kind) <= kinds.indexOf(kind))
  for (const pick of picks) {
    const of = (dtype: Expr["dtype"]) => grown.filter((g) => g.x.dtype === dtype)
    const pool: Pool = { f32: of("f32"), i32: of("i32"), bool: of("bool") }
    const next = allowed[pick.maker % allowed.length]!.make(pool, pick)
    // Small tensors keep thousands of runs quick.
    if (Shapes.size(next.x.shape) <= 64 && next.x.shape.length <= 4) grown.push(next)
  }
  const roots = [grown[grown.length - 1]!, ...outputs.map((i) => grown[grown.length - 1 - (i % grown.length)]!)]
  const named = Object.fromEntries(roots.map(({ x }, i) => [`y${i}`, x]))
  const program = Programs.fromExprs(named)
  const used = Object.keys(Programs.inputs(program))
  return {
    program,
    feeds: Object.fromEntries(used.map((name) => [name, feeds[name]!])),
    floats: used.filter((name) => feeds[name]!.dtype === "f32")
  }
}

const shapes: fc.Arbitrary<ReadonlyArray<Shape>> = fc
  .record({ m: fc.integer({ min: 1, max: 3 }), n: fc.integer({ min: 1, max: 3 }), b: fc.integer({ min: 1, max: 2 }) })
  .chain(({ m, n, b }) => {
    const all: ReadonlyArray<Shape> = [[n], [m, n], [], [1, n], [m, 1], [b, m, n], [1, m, n]]
    return fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 3 })
  })

const nat = fc.nat({ max: 1000 })

const recipe = (size: number): fc.Arbitrary<Recipe> =>
  fc.record({
    seed: fc.nat({ max: 1_000_000 }),
    shapes,
    picks: fc.array(fc.record({ maker: nat, a: nat, b: nat, c: nat, n: nat }), { minLength: 1, maxLength: size }),
    outputs: fc.array(fc.nat({ max: 20 }), { maxLength: 2 })
  })

/**
 * Random well-typed programs with feeds that keep every value of moderate size. They shrink to programs with
 * fewer, simpler nodes and smaller inputs, which are well-typed too.
 */
export const anyProgram = (kind: Kind = "any", size = 12): fc.Arbitrary<Sample> =>
  recipe(size).map((r) => grow(r, kind))

/** The float outputs of a program. */
export const floatOutputs = (outputs: Readonly<Record<string, Expr>>): ReadonlyArray<Expr> =>
  Object.values(outputs).filter((x) => x.dtype === "f32")
