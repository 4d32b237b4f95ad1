import { Effect } from "effect"
import * as ops from "../../program/index.ts"
import { Programs, Steps } from "../../program/index.ts"
import { Backend, type Feeds } from "../../service/index.ts"
import { Tensors } from "../../tensor/index.ts"
import { floats } from "../program/index.ts"
import { type BackendLaw, backendLaw } from "./BackendLaw.ts"
import { disagreement } from "./Tolerance.ts"

/** Products, sums over duplicates and reductions large enough to be split between threads. */
const heavy = (() => {
  const x = ops.input("x", [257, 131])
  const ids = ops.input("ids", [257], "i32")
  const p = ops.softmax(ops.matMul(x, x, { transB: true }))
  return Programs.fromExprs({ p, rows: ops.scatterRows(ids, ops.matMul(p, x), 7), total: ops.sum(p) })
})()

const feeds: Feeds = {
  x: floats(1, "x", [257, 131]),
  ids: Tensors.i32(
    Array.from({ length: 257 }, (_, i) => (i * i) % 7),
    [257]
  )
}

const lastBit = { relative: 0, absolute: 0, reason: "A run that is repeated or resumed must give what it gave before." }

/** That equal feeds give equal bits. */
export const repeatable: BackendLaw = backendLaw(
  "programs",
  "repeatability: two runs of two executables are equal to the last bit",
  Effect.gen(function* () {
    const once = Effect.gen(function* () {
      const compiled = yield* Backend.use((b) => b.compile(Steps.stateless(heavy)))
      return [yield* compiled.run(feeds), yield* compiled.run(feeds)] as const
    })
    const [first, ...others] = [...(yield* once), ...(yield* once)]
    for (const other of others) {
      const wrong = disagreement(other, first!, lastBit)
      if (wrong !== undefined) return wrong
    }
    return undefined
  })
)
