import { join } from "node:path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import { exp, input, Programs, Steps, sum } from "../../src/core/program/index.ts"
import { Backend, UnsupportedOp } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import {
  Count,
  configuredChecks,
  dryRun,
  examine,
  memoryForeseen,
  resources,
  subject,
  type Usage
} from "../../src/experiments/doctor/index.ts"
import { recipeOf } from "../../src/experiments/train/index.ts"
import { folder } from "../experiments/tiny.ts"
import { asked } from "../experiments/trainSubject.ts"
import { looked } from "./doctorSubject.ts"

const counted = { _tag: "Counted", holder: "process" } as const

/** The reference, without a kernel for one operation. */
const without = (op: string): Layer.Layer<Backend> =>
  Layer.effect(
    Backend,
    Effect.map(Backend, (backend) => ({
      ...backend,
      name: "mine",
      compile: (step, options) => {
        const node = step.program.nodes.findIndex((each) => each.op._tag === op)
        return node < 0 ? backend.compile(step, options) : Effect.fail(new UnsupportedOp({ backend: "mine", op, node }))
      }
    }))
  ).pipe(Layer.provide(Reference.layer))

describe("operations", () => {
  it("error: a backend without a kernel is told before anything runs, and not by another backend", async () => {
    const { jobs } = await asked("sft", join(folder(), "run"))
    const found = await Effect.gen(function* () {
      const { config, output } = jobs[0]!
      const about = { recipe: recipeOf(config), output, resident: resources.resident, foresight: counted }
      const silent = { began: () => Effect.void, ended: () => Effect.void }
      return yield* examine(configuredChecks(yield* subject(about), resources), silent)
    }).pipe(
      Effect.scoped,
      Effect.provide(without("Attend")),
      Effect.provide(hubLayer()),
      Effect.provide(NodeHttpClient.layerNodeHttp),
      Effect.provide(NodeServices.layer),
      Effect.runPromise
    )
    const verdicts = Object.fromEntries(found.map(({ name, verdict }) => [name, verdict]))
    expect(verdicts["operations"]).toMatchObject({
      _tag: "Failed",
      reason: expect.stringContaining("mine cannot run Attend")
    })
    expect(verdicts["longest batch"]?._tag).toBe("Skipped")
  }, 60_000)

  it("golden: another backend is asked itself, and no peak is promised for it", async () => {
    const { verdicts, reasons, found, error } = await looked("sft", [], {}, "tfjs-cpu")
    expect(error).toBeUndefined()
    expect(verdicts).toMatchObject({ operations: "passed", memory: "warned", "longest batch": "passed" })
    expect(found["operations"]).toContain("tfjs-cpu")
    expect(reasons["memory"]).toMatch(
      /^no peak is predicted for tfjs-cpu: by the programs' cost reports .* is not known$/
    )
  }, 60_000)
})

describe("dryRun", () => {
  it("golden: counts residents, feeds and live results, and runs nothing", async () => {
    const tensor = 2 * 64 * 4
    const [x, w] = [input("x", [2, 64]), input("w", [2, 64])]
    const program = Programs.fromExprs({ y: sum(exp(x)), z: exp(w) })
    const { results, kept, highest } = await Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write({ w: Tensors.full([2, 64], 1), stale: Tensors.full([2, 64], 1) })
      yield* memory.remove(["stale"])
      const { run } = yield* backend.compile(Steps.make({ program, resident: ["w"], carry: [], guard: [] }), { memory })
      const results = yield* run({ x: Tensors.full([2, 64], 1) })
      return { results, kept: yield* memory.read(["w"]), highest: yield* Count.use(({ highest }) => highest) }
    }).pipe(Effect.scoped, Effect.provide(dryRun), Effect.provide(Reference.layer), Effect.runPromise)
    expect(results["z"]).toEqual(Tensors.full([2, 64], 0))
    expect(kept["w"]?.data[0]).toBe(1)
    // The exponential of x goes before that of w comes; the sum stays.
    expect(highest).toEqual({ residentBytes: tensor, liveBytes: tensor + (tensor + 4) })
  })
})

describe("memory of a backend without a rehearsal", () => {
  const MiB = 2 ** 20
  const usage = (holder: "process" | "device"): Usage => ({
    backend: "mine",
    foreseen: { _tag: "Counted", holder, residentBytes: 300 * MiB, liveBytes: 200 * MiB },
    processBytes: 100 * MiB
  })
  const room = (bytes: number) => ({ resident: 100 * MiB, memory: bytes * MiB })

  it("golden: never passes, since its engine's own share is not known", () => {
    for (const holder of ["process", "device"] as const)
      expect(memoryForeseen(usage(holder), room(10_000), 0)).toMatchObject({
        _tag: "Warned",
        reason: expect.stringContaining("500 MiB in 32-bit floats (300 MiB weights and moments, 200 MiB")
      })
  })

  it("error: what is counted is too much for the process; of a device the process cannot say", () => {
    expect(memoryForeseen(usage("process"), room(499), 0)).toMatchObject({
      _tag: "Failed",
      fix: expect.stringContaining("--backend onnx-cpu")
    })
    expect(memoryForeseen(usage("process"), room(501), 0)._tag).toBe("Warned")
    expect(memoryForeseen(usage("device"), room(1), 0)._tag).toBe("Warned")
  })
})
