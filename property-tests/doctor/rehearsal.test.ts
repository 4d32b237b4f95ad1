import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { footprint, Onnx, Rehearsal } from "../../src/backends/onnx/index.ts"
import { exp, expand, input, Programs, Steps, sum } from "../../src/core/program/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

const unit = 64 * 4 * 4
const memoryOf = (outputs: Parameters<typeof Programs.fromExprs>[0]) =>
  footprint(Steps.stateless(Programs.fromExprs(outputs)))

describe("footprint", () => {
  it("golden: the engine begins with the last result, whatever is listed first, and writes into what it needs no more", () => {
    const first = exp(input("x", [64, 4]))
    const second = exp(first)
    const third = exp(second)
    // It goes down to the second for b, sums the first for a, and makes the third in the place of the second for c.
    const { workingBytes, returnedBytes } = memoryOf({ c: sum(third), a: sum(first), b: sum(second) })
    expect(workingBytes).toBe(2 * unit + 2 * 4)
    expect(returnedBytes).toBe(3 * 4)
  })

  it("golden: a buffer that is used again is held in between", () => {
    const early = exp(input("x", [64, 4]))
    const large = expand(sum(early, [0, 1]), [256, 4])
    const late = expand(sum(large, [0, 1]), [64, 4])
    // While the large one is there, so is the early one's buffer, which the late one is to have; and a sum.
    expect(memoryOf({ out: sum(late) }).workingBytes).toBe(unit + 4 * unit + 4)
  })

  it("golden: what is compiled in is there four times: in the model, packed, and twice in the model's text", () => {
    const [x, w] = [input("x", [8, 8]), input("w", [8, 8])]
    const step = { ...Steps.stateless(Programs.fromExprs({ y: exp(x), z: exp(w) })), resident: ["w"] }
    expect(footprint(step, new Set(["w"])).constantBytes).toBe(4 * 4 * 64)
    expect(footprint(step).constantBytes).toBe(0)
  })
})

/** Compiles and runs a product with resident weights, and says what is held. */
const product = Effect.gen(function* () {
  const backend = yield* Backend
  const memory = yield* backend.memory
  const [x, w] = [input("x", [2, 64]), input("w", [2, 64])]
  yield* memory.write({ w: Tensors.full([2, 64], 1) })
  const step = Steps.make({
    program: Programs.fromExprs({ y: sum(exp(x)), z: exp(w) }),
    resident: ["w"],
    carry: [],
    guard: []
  })
  const { run } = yield* backend.compile(step, { memory })
  return yield* run({ x: Tensors.full([2, 64], 1) })
}).pipe(Effect.scoped)

describe("rehearsal", () => {
  it("law: answers with tensors of the types that the backend answers with", async () => {
    const shape = (effect: Effect.Effect<Effect.Success<typeof product>, unknown>) =>
      Effect.runPromise(effect).then((results) =>
        Object.fromEntries(Object.entries(results).map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
      )
    expect(await shape(product.pipe(Effect.provide(Rehearsal.rehearsal)))).toEqual(
      await shape(product.pipe(Effect.provide(Onnx.cpuWith({ threads: 1 }))))
    )
  })

  it("golden: residents, working memory, feeds and results of two runs", async () => {
    const usage = await Effect.runPromise(
      Effect.andThen(product, Rehearsal.usage).pipe(Effect.provide(Rehearsal.rehearsal))
    )
    const tensor = 2 * 64 * 4
    expect(usage).toMatchObject({
      residentBytes: tensor,
      // The exponential of w is a result; that of x goes before or beside it.
      executableBytes: 2 * tensor + 4,
      passingBytes: tensor + 2 * (tensor + 4)
    })
  })

  it("error: names an operation that the engine has no kernel for", async () => {
    const known = Programs.fromExprs({ y: exp(input("x", [2])) })
    const [x, y] = known.nodes
    const foreign = { ...known, nodes: [x!, { ...y!, op: { _tag: "Sing" } as never }] }
    const compiled = Backend.use(({ compile }) => compile(Steps.stateless(foreign)))
    const failure = compiled.pipe(Effect.scoped, Effect.flip, Effect.provide(Rehearsal.rehearsal))
    expect(await Effect.runPromise(failure)).toMatchObject({
      _tag: "UnsupportedOp",
      backend: "onnx-cpu",
      op: "Sing",
      node: 1
    })
  })

  it("error: refuses what the backend refuses", async () => {
    const fed = Effect.gen(function* () {
      const backend = yield* Backend
      const { run } = yield* backend.compile(Steps.stateless(Programs.fromExprs({ y: exp(input("x", [2])) })))
      return yield* run({})
    }).pipe(Effect.scoped, Effect.flip, Effect.provide(Rehearsal.rehearsal))
    expect(await Effect.runPromise(fed)).toMatchObject({ _tag: "BadFeed", name: "x" })
  })
})
