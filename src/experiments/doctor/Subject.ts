import { Effect, FileSystem } from "effect"
import { Rehearsal } from "../../backends/onnx/index.ts"
import { Backend } from "../../core/service/index.ts"
import type { Foresight } from "../backends/index.ts"
import { criticOptions, findStart, prepareData, type Recipe, startOf, type Work, withServer } from "../train/index.ts"
import { Count, type Counted, dryRun } from "./dryRun.ts"
import { practice } from "./Practice.ts"
import { parameterBytes, type Resources } from "./resources.ts"

/** A set-up to be looked at. What is read of it is read once, when it is first asked for. */
export interface SubjectOptions {
  readonly recipe: Recipe
  /** Where the run would be kept. */
  readonly output: string
  /** Bytes that this process takes. */
  readonly resident: Resources["resident"]
  /** Of the backend at hand. */
  readonly foresight: Foresight
}

/** Does everything once that a run of the work does. */
const everything = <E, R>(work: Effect.Effect<Work, E, R>) =>
  Effect.gen(function* () {
    const { imitate, draw, update, judge, look } = yield* practice(yield* work, true)
    for (const part of [imitate, draw, update, judge, look]) if (part !== undefined) yield* part
  }).pipe(Effect.scoped)

/** What a run would hold in memory, as far as is known of the backend. */
export type Foreseen =
  | { readonly _tag: "Rehearsed"; readonly usage: Rehearsal.Usage }
  | (Counted & Extract<Foresight, { readonly _tag: "Counted" }>)

/** Compiles everything that a run of the work would, on a backend that runs nothing. */
const foreseen = <E, R>(foresight: Foresight, work: Effect.Effect<Work, E, R>) =>
  Effect.gen(function* () {
    const rehearsal = everything(work)
    if (foresight._tag === "Rehearsed") {
      const layer = yield* Effect.promise(foresight.load)
      const usage = yield* Effect.andThen(rehearsal, Rehearsal.usage).pipe(Effect.provide(layer))
      return { _tag: "Rehearsed", usage } satisfies Foreseen
    }
    const highest = Count.use(({ highest }) => highest)
    const counted = yield* Effect.andThen(rehearsal, highest).pipe(Effect.provide(dryRun))
    return { ...foresight, ...counted } satisfies Foreseen
  })

/** The recipe's model, data and programs. */
export const subject = Effect.fnUntraced(function* ({ recipe, output, resident, foresight }: SubjectOptions) {
  const found = yield* Effect.cached(findStart(recipe))
  const data = yield* Effect.cached(Effect.flatMap(found, (start) => prepareData(recipe, start)))
  const begun = Effect.gen(function* () {
    const [start, prepared] = [yield* found, yield* data]
    return { recipe, data: prepared, start: yield* startOf(recipe, start, prepared.task.tokenizer) } satisfies Work
  })
  const work = yield* Effect.cached(begun)
  const critic = Effect.gen(function* () {
    const { learning } = recipe
    if (learning._tag !== "Airl") return undefined
    const { model } = (yield* criticOptions(yield* work, learning.critic, 1)).options
    return { name: model.name, bytes: parameterBytes(model.initial) }
  })
  return {
    recipe,
    output,
    found,
    data,
    work,
    /** The reward model that is learned, and what of it trains, in bytes. */
    critic: yield* Effect.cached(critic),
    /** What a run would hold, by the programs that its backend would compile; nothing of them runs. */
    usage: yield* Effect.cached(
      Effect.gen(function* () {
        yield* work
        // Rehearsing takes memory that a run does not.
        const processBytes = yield* resident
        return {
          backend: (yield* Backend).name,
          foreseen: yield* foreseen(foresight, begun),
          processBytes
        } satisfies Usage
      })
    ),
    /** Its programs on the backend at hand. */
    practice: yield* Effect.cached(
      Effect.gen(function* () {
        const present = yield* work
        const fs = yield* FileSystem.FileSystem
        // A run's own folder must stay as it is until the run makes it.
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "rewardflow-doctor-" })
        return yield* practice({ ...present, start: yield* withServer(recipe, present.start, folder) }, false)
      })
    )
  }
})

/** Memory of a run, foreseen. */
export interface Usage {
  /** Name of the backend. */
  readonly backend: string
  readonly foreseen: Foreseen
  /** Of this process, with model and data read. */
  readonly processBytes: number
}

export type Subject = Effect.Success<ReturnType<typeof subject>>
