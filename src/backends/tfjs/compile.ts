import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Effect, Result, type Scope } from "effect"
import { withoutEmpties } from "../../core/lowering/index.ts"
import { type Node, Programs, type Spec, type Step, Steps } from "../../core/program/index.ts"
import {
  type BackendFailure,
  BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  type RunError,
  refuseNonFinite,
  refuseResident,
  refuseState,
  type UnsupportedOp
} from "../../core/service/index.ts"
import { Kinds, Shapes } from "../../core/tensor/index.ts"
import { Liveness } from "../../core/transform/index.ts"
import { Arena, kindOf } from "./Arena.ts"
import { carried, firstRows } from "./carry.ts"
import type { Device } from "./Device.ts"
import { BufferTooLarge, failure, OutOfDeviceMemory } from "./errors.ts"
import { type Instruction, type Lowered, lower } from "./lower/lower.ts"
import { readTensor } from "./readTensor.ts"
import type { TfjsMemory } from "./TfjsMemory.ts"

/** Kernels run for this long before others get a turn: the page, timers, an interruption. */
const turnMs = 50

const turn = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 0)))

/** The part of a resident tensor that the program sees: as many rows as the input declares. */
const residentInput = (k: Arena, name: string, x: TensorInfo | undefined, to: Spec): TensorInfo | BadFeed => {
  const bad = refuseResident(name, x && kindOf(x), to)
  if (bad !== undefined) return bad
  return x!.shape[0] === to.shape[0] ? x! : firstRows(k, x!, to.shape[0]!)
}

const show = (id: number, node: Node): string =>
  `${node.label ?? (node.op._tag === "Input" ? node.op.name : node.op._tag)} (node %${id}) ${Kinds.show(node)}`

const tooLarge = ({ program }: Step, limit: number): BufferTooLarge | undefined => {
  for (const [id, node] of program.nodes.entries()) {
    const bytes = 4 * Shapes.size(node.shape)
    if (bytes > limit) return new BufferTooLarge({ what: show(id, node), bytes, limit })
  }
  return undefined
}

interface Compiled {
  readonly step: Step
  readonly device: Device
  readonly memory: TfjsMemory | undefined
  readonly lowered: Lowered
  /** Constants and frozen inputs, by node. */
  readonly kept: ReadonlyMap<number, TensorInfo>
  readonly predicted: number
}

/** Values of everything that is there before the first instruction. */
const begin = ({ step, memory, lowered, kept }: Compiled, k: Arena, feeds: Feeds) => {
  const env = new Map(kept)
  for (const { id, name, node } of lowered.inputs) {
    if (env.has(id)) continue
    const x = step.resident.includes(name) ? residentInput(k, name, memory?.held.get(name), node) : k.make(feeds[name]!)
    if (x instanceof BadFeed) return x
    env.set(id, x)
  }
  const missing = step.resident.find((name) => memory?.held.get(name) === undefined)
  return missing === undefined ? env : new BadFeed({ name: missing, reason: "memory holds no such tensor." })
}

const obey = ({ id, plan, frees }: Instruction, k: Arena, env: Map<number, TensorInfo>): void => {
  const args = plan.args.map((a) => env.get(a)!)
  env.set(
    id,
    k.within(() => plan.run(k, args))
  )
  for (const dead of frees) {
    k.release(env.get(dead)!)
    env.delete(dead)
  }
}

/** Follows the instructions, handing over now and then. */
const follow = ({ lowered: { instructions }, device }: Compiled, k: Arena, env: Map<number, TensorInfo>) => {
  let next = 0
  const stretch = Effect.try({
    try: () => {
      const until = performance.now() + turnMs
      device.entered(() => {
        while (next < instructions.length && performance.now() < until) obey(instructions[next++]!, k, env)
      })
    },
    catch: (cause) => failure(device.name, "run", cause)
  })
  return Effect.gen(function* () {
    yield* stretch
    while (next < instructions.length) yield* Effect.andThen(turn, stretch)
  })
}

const once = (compiled: Compiled, k: Arena, feeds: Feeds, at: number): Effect.Effect<Feeds, RunError> =>
  Effect.gen(function* () {
    const { step, device, memory, predicted } = compiled
    const end = device.begin(predicted)
    // Whatever fails on a device that has gone fails for that reason.
    const failed = (cause: unknown) => failure(device.name, "run", device.lost() ?? cause)
    const work = Effect.gen(function* () {
      const env = yield* Effect.try({ try: () => device.entered(() => begin(compiled, k, feeds)), catch: failed })
      if (env instanceof BadFeed) return yield* env
      yield* follow(compiled, k, env)
      const outputs = Object.fromEntries(step.program.outputs.map(({ name, node }) => [name, env.get(node)!]))
      const gone = new Set(step.carry.map((c) => c.output))
      const wanted = Object.keys(outputs).filter((name) => !gone.has(name) || step.guard.includes(name))
      // A read that is under way must end before its tensors are released.
      const found = yield* Effect.uninterruptible(
        Effect.tryPromise({
          try: async () => {
            const entries = wanted.map(async (name) => [name, await readTensor(device, outputs[name]!)] as const)
            const values = Object.fromEntries(await Promise.all(entries))
            await Promise.all(k.checks.map((check) => check()))
            return values
          },
          catch: failed
        })
      )
      yield* Effect.uninterruptible(Effect.tryPromise({ try: end, catch: failed }))
      const stop = refuseNonFinite(step, found)
      if (stop !== undefined) return yield* stop
      if (memory !== undefined) {
        const next = yield* Effect.try({
          try: () => device.entered(() => carried(k, step.carry, outputs, memory, at)),
          catch: failed
        })
        if (next instanceof BadFeed) return yield* next
        memory.put(next)
      }
      return Object.fromEntries(Object.entries(found).filter(([name]) => !gone.has(name)))
    })
    return yield* Effect.ensuring(work, Effect.ignore(Effect.tryPromise(end)))
  })

/** Compiles a step for a device. `alone` runs work while no other work runs there. */
export const compile =
  (
    device: Device,
    own: (memory: CompileOptions["memory"]) => TfjsMemory | undefined,
    alone: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<A, E>
  ) =>
  (
    asked: Step,
    options: CompileOptions = {}
  ): Effect.Effect<Executable, UnsupportedOp | BackendFailure | BadFeed, Scope.Scope> =>
    Effect.gen(function* () {
      const failed = (cause: unknown) => failure(device.name, "compile", cause)
      const made = Programs.attempt(() => Steps.make(asked))
      if (Result.isFailure(made)) return yield* failed(made.failure)
      const step: Step = { ...asked, program: device.prepare(withoutEmpties(asked.program)) }
      const { freeze = [] } = options
      const memory = own(options.memory)
      const bad = refuseState(step, options, memory !== undefined)
      if (bad !== undefined) return yield* bad
      const large = tooLarge(step, device.tensorBytes)
      if (large !== undefined) return yield* failed(large)
      const lowered = yield* Effect.fromResult(lower(step.program, device.rules, device.name))
      const holding = yield* Effect.acquireRelease(
        Effect.sync(() => new Arena(device)),
        (k) => alone(Effect.sync(() => k.close()))
      )
      const keep = Effect.gen(function* () {
        if (memory !== undefined) yield* memory.load(freeze)
        const kept = new Map<number, TensorInfo>()
        const frozen = lowered.inputs.filter(({ name }) => freeze.includes(name))
        const missing = freeze.find((name) => memory?.held.get(name) === undefined)
        if (missing !== undefined) return yield* new BadFeed({ name: missing, reason: "memory holds no such tensor." })
        for (const { id, name, node } of frozen) {
          const x = device.entered(() => residentInput(holding, name, memory?.held.get(name), node))
          if (x instanceof BadFeed) return yield* x
          kept.set(id, holding.share(x))
        }
        const upload = async () => {
          const end = device.begin(
            lowered.constants.reduce((sum, { tensor }) => sum + 4 * Shapes.size(tensor.shape), 0)
          )
          try {
            for (const { id, tensor } of lowered.constants) kept.set(id, holding.make(tensor))
          } finally {
            await end()
          }
        }
        yield* Effect.uninterruptible(
          Effect.tryPromise({ try: upload, catch: (cause) => failed(device.lost() ?? cause) })
        )
        return kept
      })
      const kept = yield* alone(keep)
      const check = checkFeeds(step)
      const touched = [...step.resident.filter((n) => !freeze.includes(n)), ...step.carry.map((c) => c.into)]
      const predicted = Liveness.peakLiveBytes(step.program)
      const compiled: Compiled = { step, device, memory, lowered, kept, predicted }
      const ready = Effect.suspend((): Effect.Effect<void, BackendFailure | BadFeed> => {
        const lost = device.lost()
        if (lost !== undefined) return Effect.fail(failure(device.name, "run", lost))
        const available = device.free()
        if (available !== undefined && predicted > available)
          return Effect.fail(failure(device.name, "run", new OutOfDeviceMemory({ predicted, available })))
        return memory === undefined ? Effect.void : memory.load(touched)
      })
      const run: Executable["run"] = (feeds, { at = 0 } = {}) =>
        Effect.gen(function* () {
          yield* Effect.fromResult(check(feeds))
          const arena = Effect.sync(() => new Arena(device))
          const body = Effect.acquireUseRelease(
            arena,
            (k) => once(compiled, k, feeds, at),
            (k) => Effect.sync(() => k.close())
          )
          return yield* alone(Effect.andThen(ready, body))
        })
      return { run }
    })
