import { Effect, Result } from "effect"
import { IndexOutOfRange, prepare } from "../../core/kernel/index.ts"
import { Programs, type Step, Steps } from "../../core/program/index.ts"
import {
  BackendFailure,
  BadFeed,
  type CompileOptions,
  checkFeeds,
  type Executable,
  type Feeds,
  NonFinite,
  type RunError
} from "../../core/service/index.ts"
import type { Tensor } from "../../core/tensor/index.ts"
import { refuseAppend, refuseNames, residentInput } from "./feeds.ts"
import { copied, own } from "./Memory.ts"

const failure = (during: "compile" | "run", reason: string, cause?: unknown): BackendFailure =>
  new BackendFailure({ backend: "reference", during, reason, cause })

const nonFinite = (step: Step, outputs: Feeds): NonFinite | undefined => {
  for (const output of step.guard) {
    const value = outputs[output]!.data.find((v) => !Number.isFinite(v))
    if (value !== undefined) return new NonFinite({ output, value })
  }
  return undefined
}

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
  { memory, freeze = [] }: CompileOptions = {}
): Effect.Effect<Executable, BackendFailure | BadFeed> =>
  Effect.gen(function* () {
    const made = Programs.attempt(() => Steps.make(step))
    if (Result.isFailure(made)) return yield* failure("compile", made.failure.message, made.failure)
    const state = step.resident[0] ?? step.carry[0]?.into
    const mine = memory === undefined ? undefined : own(memory)
    const held = mine?.held
    if (held === undefined && (memory !== undefined || state !== undefined)) {
      const reason =
        memory === undefined
          ? "it lives in memory: pass `memory` to compile."
          : "it cannot live in another backend's memory: pass one that this backend made."
      return yield* new BadFeed({ name: state ?? "memory", reason })
    }
    const inputs = Programs.inputs(step.program)
    const bad = refuseNames(step, inputs, freeze)
    if (bad !== undefined) return yield* bad
    if (mine !== undefined) yield* mine.load(freeze)
    const frozen: Record<string, Tensor> = {}
    for (const name of freeze) {
      const t = residentInput(name, held?.get(name), inputs[name]!)
      if (t instanceof BadFeed) return yield* t
      frozen[name] = copied(t)
    }
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
        const t = residentInput(name, held?.get(name), inputs[name]!)
        if (t instanceof BadFeed) return Result.fail(t)
        values[name] = t
      }
      const outputs = evaluate(values)
      const results = Object.entries(outputs).filter(([name]) => !carried.has(name))
      const returned = Object.fromEntries(results.map(([name, t]) => [name, owned.has(name) ? copied(t) : t]))
      const stop = nonFinite(step, outputs) ?? (held === undefined ? undefined : carry(step, outputs, held, at))
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
