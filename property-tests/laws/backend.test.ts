import { readFileSync } from "node:fs"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Reference } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import * as ops from "../../src/core/program/index.ts"
import { type Op, Programs, type Step } from "../../src/core/program/index.ts"
import { Backend, type Executable, type Memory } from "../../src/core/service/index.ts"

type Service = Backend["Service"]

/** The reference with something broken. */
const faulty = (change: (reference: Service) => Partial<Service>): Layer.Layer<Backend> =>
  Layer.effect(
    Backend,
    Effect.map(Backend, (reference) => ({ ...reference, ...change(reference) }))
  ).pipe(Layer.provide(Reference.layer))

const laws = Laws.backend({ reference: Reference.layer, precision: "single", numRuns: 20 })

const quick = Laws.areas.filter((area) => area !== "training")

/** Laws of some areas that a backend breaks, by area. */
const broken = async (
  backend: Layer.Layer<Backend>,
  areas: ReadonlyArray<Laws.Area> = quick
): Promise<Readonly<Record<string, ReadonlyArray<string>>>> => {
  const found: Record<string, Array<string>> = {}
  const tried = laws.filter(({ area }) => areas.includes(area))
  const look = Effect.forEach(tried, ({ area, name, check }) =>
    Effect.map(Effect.exit(check), (exit) => {
      if (exit._tag === "Failure") found[area] = [...(found[area] ?? []), name]
    })
  )
  await Effect.runPromise(Effect.provide(look, backend))
  return found
}

/** A backend that takes one program for another. */
const rewriting = (rewrite: (op: Op) => Op): Layer.Layer<Backend> =>
  faulty(({ compile }) => ({
    compile: (step, options) => {
      const nodes = step.program.nodes.map((node) => ({ ...node, op: rewrite(node.op) }))
      return compile({ ...step, program: { ...step.program, nodes } }, options)
    }
  }))

/** A backend that takes one step for another. */
const stepping = (change: (step: Step) => Step): Layer.Layer<Backend> =>
  faulty(({ compile }) => ({ compile: (step, options) => compile(change(step), options) }))

describe("laws of backends", () => {
  it("law: names are unique, and every area and every operation has some", () => {
    expect(new Set(laws.map(({ name }) => name)).size).toBe(laws.length)
    expect(new Set(laws.map(({ area }) => area))).toEqual(new Set(Laws.areas))
    const source = readFileSync(new URL("../../src/core/program/Op.ts", import.meta.url), "utf8")
    const tags = [...source.matchAll(/^ {2}([A-Z]\w+): (?:None|\{)/gmu)].map(([, tag]) => tag!)
    expect(tags.length).toBeGreaterThan(50)
    const covered = new Set(laws.flatMap(({ area, name }) => (area === "operations" ? [name.split(":")[0]] : [])))
    // What gives a program its numbers is tried in whole programs.
    expect(tags.filter((tag) => !covered.has(tag))).toEqual(["Input", "Constant", "Full"])
  })

  it("law: every tolerance has its reason, and double precision the smallest", () => {
    const { double, single, shader } = Laws.tolerances
    for (const [name, { relative, reason }] of Object.entries(double)) {
      const others = [single, shader].map((table) => table[name as keyof typeof double])
      expect(Math.min(...others.map((other) => other.relative))).toBeGreaterThan(relative)
      for (const text of [reason, ...others.map((other) => other.reason)]) expect(text.length).toBeGreaterThan(20)
    }
  })

  it("a deviation is told, with its reason, and the law is there all the same", () => {
    const reason = "its engine counts from the end"
    const deviations = { "ids: a negative id fails": reason }
    const told = Laws.backend({ reference: Reference.layer, precision: "single", deviations })
    expect(told.filter((law) => law.deviation !== undefined)).toMatchObject([{ area: "errors", deviation: reason }])
    expect(told).toHaveLength(laws.length)
  })

  it("error: deviations from laws that are not there are refused by name", () =>
    expect(() =>
      Laws.backend({ reference: Reference.layer, precision: "single", deviations: { "ids: negative": "never" } })
    ).toThrow(/ids: negative/u))
})

describe("laws of backends can fail", () => {
  it("error: a function that is nearly right is found by itself, and in what is made of it", async () => {
    const found = await broken(rewriting((op) => (op._tag === "Softplus" ? { _tag: "Relu" } : op)))
    expect(Object.keys(found)).toEqual(["operations", "programs", "losses"])
    expect(found["operations"]).toContain("Softplus: moderate values")
  })

  it("error: an epsilon that is forgotten", async () => {
    const found = await broken(rewriting((op) => ("epsilon" in op ? { ...op, epsilon: 0 } : op)))
    expect(found["operations"]).toContain("RmsNorm: zeros")
  })

  it("error: state that is not kept", async () => {
    const moments = (into: string) => into.includes("optimiser/")
    const found = await broken(
      stepping((step) => ({ ...step, carry: step.carry.filter(({ into }) => !moments(into)) })),
      Laws.areas
    )
    expect(Object.keys(found)).toEqual(["optimisers", "training"])
  })

  it("error: a guard that looks away", async () => {
    const found = await broken(stepping((step) => ({ ...step, guard: [] })))
    expect(found).toEqual({
      memory: [
        "guard: a NaN or an infinity stops the step, memory stays, the next run goes on",
        "guard: carried outputs can be guarded too"
      ]
    })
  })

  it("error: rows that are always appended at the front", async () => {
    const found = await broken(
      faulty(({ compile }) => ({
        compile: (step, options) =>
          Effect.map(compile(step, options), ({ run }): Executable => ({ run: (feeds) => run(feeds) }))
      }))
    )
    expect(Object.keys(found)).toEqual(["memory", "sampling"])
  })

  it("error: memory that all share, and names that are not sorted", async () => {
    let only: Memory | undefined
    const shared = faulty(({ memory }) => ({
      memory: Effect.gen(function* () {
        only ??= yield* memory
        return only
      })
    }))
    expect((await broken(shared, ["memory"]))["memory"]).toContain(
      "memory: executables that share it see each other's writes, others do not"
    )
    const unsorted = faulty(({ memory }) => ({
      memory: Effect.map(memory, (held) =>
        Object.assign(Object.create(held), { names: Effect.map(held.names, (n) => n.toReversed()) })
      )
    }))
    expect((await broken(unsorted, ["memory"]))["memory"]).toBeDefined()
  })

  it("error: sums that lose bits, in what is long and deep", async () => {
    const short = (x: number) => Math.round(x * 2 ** 12) / 2 ** 12
    const found = await broken(
      faulty(({ compile }) => ({
        compile: (step, options) =>
          Effect.map(
            compile(step, options),
            ({ run }): Executable => ({
              run: (feeds, at) =>
                Effect.map(run(feeds, at), (results) =>
                  Object.fromEntries(
                    Object.entries(results).map(([name, t]) => [
                      name,
                      t.dtype === "f32" ? { ...t, data: Float64Array.from(t.data, short) } : t
                    ])
                  )
                )
            })
          )
      }))
    )
    for (const area of ["operations", "models", "losses", "optimisers"]) expect(Object.keys(found)).toContain(area)
  })
})

describe("what is told", () => {
  it("error: a backend that throws breaks the law with the place where it threw", async () => {
    const dying = faulty(() => ({ compile: () => Effect.sync(() => undefinedKernels["Exp"]!(1)) }))
    const undefinedKernels: Readonly<Record<string, (x: number) => never>> = {}
    const [law] = laws
    const error = await Effect.runPromise(Effect.flip(Effect.provide(law!.check, dying)))
    expect(error).toMatchObject({ _tag: "LawBroken", law: law!.name })
    expect(error.found).toMatch(/^it died: TypeError: .*backend\.test\.ts/su)
  })

  it("golden: what is wrong is told by output and place", async () => {
    const [law] = laws.filter(({ name }) => name === "program: an input is an output")
    const doubling = faulty(({ compile }) => ({
      compile: (step, options) => {
        const { outputs } = Programs.toExprs(step.program)
        const twice = Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, ops.mul(x, 2)]))
        return compile({ ...step, program: Programs.fromExprs(twice) }, options)
      }
    }))
    const error = await Effect.runPromise(Effect.flip(Effect.provide(law!.check, doubling)))
    expect(error.message).toContain("program: an input is an output: output y [0] is 2, not 1.")
  })
})
