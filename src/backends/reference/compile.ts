import { Effect, Result } from "effect"
import { IndexOutOfRange, prepare } from "../../core/kernel/index.ts"
import { Programs, type Step, Steps } from "../../core/program/index.ts"
import {
  BackendFailure,
  type BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  type RunError,
  refuseAppend,
  refuseNonFinite,
  refuseResident,
  refuseState
} from "../../core/service/index.ts"
import { type Shape, Shapes, type Tensor } from "../../core/tensor/index.ts"
import { copied, own } from "./Memory.ts"

const failure = (during: "compile" | "run", reason: string, cause?: unknown): BackendFailure =>
  new BackendFailure({ backend: "reference", during, reason, cause })

/** The first rows of a tensor, sharing its storage. */
const rowsOf = (t: Tensor, shape: Shape): Tensor =>
  ({ dtype: t.dtype, shape, data: t.data.subarray(0, Shapes.size(shape)) }) as Tensor

/** Writes carried outputs to memory, all of them or none. */
const carry = (step: Step, outputs: Feeds, held: Map<string, Tensor>, at: number): BadFeed | undefined => {
  for (const { _tag, output, into } of step.carry) {
    const bad = _tag === "Append" ? refuseAppend(into, outputs[output]!, held.get(into), at) : undefined
    if (bad !== undefined) return bad
  }
  // An output may be another tensor of memory, passed through: read all before writing any.
  const values = step.carry.map(({ output }) => copied(outputs[output]!))
  for (const [i, { _tag, into }] of step.carry.entries()) {
    const value = values[i]!
    if (_tag === "Replace") held.set(into, value)
    else {
      const target = held.get(into)!
      const row = target.data.length / target.shape[0]!
      target.data.set(value.data, value.data.length === 0 ? 0 : at * row)
    }
  }
  return undefined
}

/** Compiles a step: an evaluation plan, and the memory it reads and writes. */
export const compile = (
  step: Step,
  options: CompileOptions = {}
): Effect.Effect<Executable, BackendFailure | BadFeed> =>
  Effect.gen(function* () {
    const made = Programs.attempt(() => Steps.make(step))
    if (Result.isFailure(made)) return yield* failure("compile", made.failure.message, made.failure)
    const mine = options.memory === undefined ? undefined : own(options.memory)
    const held = mine?.held
    const inputs = Programs.inputs(step.program)
    const bad = refuseState(step, options, mine !== undefined)
    if (bad !== undefined) return yield* bad
    // The part of a resident tensor that the program sees: as many rows as the input declares.
    const resident = (name: string): Result.Result<Tensor, BadFeed> => {
      const [t, to] = [held?.get(name), inputs[name]!]
      const unfit = refuseResident(name, t, to)
      return unfit === undefined ? Result.succeed(rowsOf(t!, to.shape)) : Result.fail(unfit)
    }
    const { freeze = [] } = options
    if (mine !== undefined) yield* mine.load(freeze)
    const frozen: Record<string, Tensor> = {}
    for (const name of freeze) frozen[name] = copied(yield* Effect.fromResult(resident(name)))
    const evaluate = prepare(step.program)
    const check = checkFeeds(step)
    const carried = new Set(step.carry.map((c) => c.output))

    // Inputs passed through would share storage with the caller or with memory.
    const owned = new Set(
      step.program.outputs.filter((o) => step.program.nodes[o.node]!.op._tag === "Input").map((o) => o.name)
    )

    const run = (feeds: Feeds, at: number): Result.Result<Feeds, RunError> => {
      const checked = check(feeds)
      if (Result.isFailure(checked)) return Result.fail(checked.failure)
      const values: Record<string, Tensor> = { ...feeds, ...frozen }
      for (const name of step.resident) {
        if (values[name] !== undefined) continue
        const t = resident(name)
        if (Result.isFailure(t)) return Result.fail(t.failure)
        values[name] = t.success
      }
      const outputs = evaluate(values)
      const results = Object.entries(outputs).filter(([name]) => !carried.has(name))
      const returned = Object.fromEntries(results.map(([name, t]) => [name, owned.has(name) ? copied(t) : t]))
      const stop = refuseNonFinite(step, outputs) ?? (held === undefined ? undefined : carry(step, outputs, held, at))
      return stop === undefined ? Result.succeed(returned) : Result.fail(stop)
    }

    const touched = [...step.resident.filter((name) => !freeze.includes(name)), ...step.carry.map((c) => c.into)]
    const load = mine === undefined ? Effect.void : mine.load(touched)

    return {
      run: (feeds, { at = 0 } = {}) =>
        Effect.flatMap(load, (): Effect.Effect<Feeds, RunError> => {
          try {
            return Effect.fromResult(run(feeds, at))
          } catch (error) {
            if (error instanceof IndexOutOfRange) return Effect.fail(failure("run", error.message, error))
            throw error
          }
        })
    }
  })
