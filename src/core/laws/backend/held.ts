import { Effect } from "effect"
import type { Step } from "../../program/index.ts"
import { Backend, type Feeds, type Memory } from "../../service/index.ts"
import { type Tensor, Tensors } from "../../tensor/index.ts"
import { plain } from "./Scenario.ts"

/** A list of numbers. */
export const f = (...values: ReadonlyArray<number>): Tensor => Tensors.f64(values, [values.length])
/** A column of numbers. */
export const rows = (...values: ReadonlyArray<number>): Tensor => Tensors.f64(values, [values.length, 1])

/** A memory that holds these. */
export const held = (tensors: Feeds) =>
  Effect.gen(function* () {
    const memory = yield* Backend.use((b) => b.memory)
    yield* memory.write(tensors)
    return memory
  })

/** The step, compiled against a memory. */
export const compile = (step: Step, memory: Memory, freeze: ReadonlyArray<string> = []) =>
  Backend.use((b) => b.compile(step, { memory, freeze }))

/** What memory holds, as plain numbers. */
export const peek = (memory: Memory, ...names: ReadonlyArray<string>) => Effect.map(memory.read(names), plain)
