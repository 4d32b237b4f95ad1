// A backend in one file: programs are interpreted node by node, on plain Float32Arrays. Some functions are its own, as an
// engine's would be; every other operation is the library's. It keeps all laws of backends: see ./check.ts.
import { Effect, Layer } from "effect"
import { Kernel, Program, Service, Tensor } from "rewardflow"

const { Programs, Steps } = Program
const { BackendFailure, BadFeed } = Service
type Value = Tensor.Tensor

/** What this engine computes itself; results are rounded when they are stored. */
const engine: { readonly [T in Program.OpTag]?: (x: number) => number } = {
  Exp: Math.exp,
  Tanh: Math.tanh,
  Silu: (x) => x / (1 + Math.exp(-x))
}

/** A copy that nobody else has, floats in single precision. */
const own = (t: Value): Value =>
  t.dtype === "f32" ? { ...t, data: Float32Array.from(t.data) } : ({ ...t, data: t.data.slice() } as Value)

/** The value of a node. Throws where an id is outside its table. */
const computed = (node: Program.Node, args: ReadonlyArray<Value>): Value => {
  const mine = engine[node.op._tag]
  return mine === undefined
    ? own(Kernel.applyKernel(node, args))
    : { dtype: "f32", shape: node.shape, data: Float32Array.from(args[0]!.data, mine) }
}

/** Tensors by name, some of them still in files. */
class Float32Memory implements Service.Memory {
  readonly held = new Map<string, Value | Service.LinkedTensor>()

  readonly write = (tensors: Service.Feeds) =>
    Effect.suspend(() => {
      const bad = Service.refuseWrite(tensors)
      if (bad !== undefined) return bad
      for (const [name, t] of Object.entries(tensors)) this.held.set(name, own(t))
      return Effect.void
    })
  readonly link = (links: Service.Links) =>
    Effect.sync(() => {
      for (const [name, link] of Object.entries(links)) this.held.set(name, link)
    })
  /** Reads what is still in files. */
  readonly load = (names: Iterable<string>) =>
    Effect.forEach(new Set(names), (name) => {
      const found = this.held.get(name)
      return found !== undefined && "read" in found
        ? Effect.flatMap(found.read, (t) => this.write({ [name]: t }))
        : Effect.void
    })
  readonly at = (name: string): Value => {
    const found = this.held.get(name)
    if (found === undefined || "read" in found) throw new BadFeed({ name, reason: "memory holds no such tensor." })
    return found
  }
  readonly read = (names: ReadonlyArray<string>) =>
    Effect.andThen(
      this.load(names),
      attempt(() => Object.fromEntries(names.map((name) => [name, own(this.at(name))])))
    )
  readonly remove = (names: ReadonlyArray<string>) =>
    Effect.sync(() => {
      for (const name of names) this.held.delete(name)
    })
  readonly names = Effect.sync(() => [...this.held.keys()].sort())
}

/** Runs what may throw; what is thrown and is no error of the service becomes one. */
const attempt = <A>(body: () => A) =>
  Effect.try({
    try: body,
    catch: (error) =>
      error instanceof BadFeed
        ? error
        : new BackendFailure({ backend: "float32", during: "run", reason: String(error) })
  })

/** What a program sees of a tensor in memory: as many rows as its input has. */
const seen = (name: string, t: Value, to: Program.Spec): Value => {
  const bad = Service.refuseResident(name, t, to)
  if (bad !== undefined) throw bad
  return own({ ...t, shape: to.shape, data: t.data.subarray(0, Tensor.Shapes.size(to.shape)) } as Value)
}

/** One run: memory changes as a whole, at the end, or not at all. */
const run = (step: Program.Step, memory: Float32Memory, given: Service.Feeds, at: number) => {
  const values: Array<Value> = []
  for (const node of step.program.nodes) {
    const { op } = node
    const [name, fed] = op._tag === "Input" ? [op.name, given[op.name]] : []
    const args = node.args.map((i) => values[i]!)
    if (name === undefined) values.push(computed(node, args))
    else values.push(fed === undefined ? seen(name, memory.at(name), node) : own(fed))
  }
  const outputs = Object.fromEntries(step.program.outputs.map(({ name, node }) => [name, own(values[node]!)]))
  const stop = Service.refuseNonFinite(step, outputs)
  if (stop !== undefined) return stop
  const writes = step.carry.map(({ _tag, output, into }): (() => unknown) => {
    const value = outputs[output]!
    if (_tag === "Replace") return () => memory.held.set(into, own(value))
    const t = memory.at(into)
    const bad = Service.refuseAppend(into, value, t, at)
    if (bad !== undefined) throw bad
    return () => t.data.set(value.data, (at * t.data.length) / t.shape[0]!)
  })
  for (const write of writes) write()
  const carried = new Set(step.carry.map(({ output }) => output))
  return Effect.succeed(Object.fromEntries(Object.entries(outputs).filter(([name]) => !carried.has(name))))
}

const compile = (step: Program.Step, options: Service.CompileOptions = {}) =>
  Effect.gen(function* () {
    const { memory: given, freeze = [] } = options
    const bad = Service.refuseState(step, options, given instanceof Float32Memory)
    if (bad !== undefined) return yield* bad
    const memory = given instanceof Float32Memory ? given : new Float32Memory()
    yield* memory.load(freeze)
    const inputs = Programs.inputs(step.program)
    const now = (name: string) => [name, seen(name, memory.at(name), inputs[name]!)] as const
    const frozen = yield* attempt(() => Object.fromEntries(freeze.map(now)))
    yield* Effect.mapError(
      Effect.fromResult(Programs.attempt(() => Steps.make(step))),
      ({ message }) => new BackendFailure({ backend: "float32", during: "compile", reason: message })
    )
    const state = [...step.resident, ...step.carry.map(({ into }) => into)]
    const [check, changing] = [Service.checkFeeds(step), state.filter((name) => !freeze.includes(name))]
    return {
      run: (feeds: Service.Feeds, { at = 0 }: Service.RunOptions = {}) =>
        Effect.fromResult(check(feeds)).pipe(
          Effect.andThen(memory.load(changing)),
          Effect.andThen(Effect.flatten(attempt(() => run(step, memory, { ...feeds, ...frozen }, at))))
        )
    }
  })

export const layer: Layer.Layer<Service.Backend> = Layer.succeed(Service.Backend, {
  name: "float32",
  memory: Effect.sync(() => new Float32Memory()),
  compile
})
