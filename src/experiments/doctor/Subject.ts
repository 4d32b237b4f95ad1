import { Effect, FileSystem } from "effect"
import { Rehearsal } from "../../backends/onnx/index.ts"
import { criticOptions, findStart, prepareData, type Recipe, startOf, type Work, withServer } from "../train/index.ts"
import { practice } from "./Practice.ts"
import { parameterBytes, type Resources } from "./resources.ts"

/** A set-up to be looked at. What is read of it is read once, when it is first asked for. */
export interface SubjectOptions {
  readonly recipe: Recipe
  /** Where the run would be kept. */
  readonly output: string
  /** Bytes that this process takes. */
  readonly resident: Resources["resident"]
}

/** Does everything once that a run of the work does, on a backend that runs nothing. */
const rehearsed = <E, R>(work: Effect.Effect<Work, E, R>) =>
  Effect.gen(function* () {
    const { imitate, draw, update, judge, look } = yield* practice(yield* work, true)
    for (const part of [imitate, draw, update, judge, look]) if (part !== undefined) yield* part
    return yield* Rehearsal.usage
  }).pipe(Effect.scoped, Effect.provide(Rehearsal.rehearsal))

/** The recipe's model, data and programs. */
export const subject = Effect.fnUntraced(function* ({ recipe, output, resident }: SubjectOptions) {
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
    /** What a run would hold, by the programs that it would compile; nothing of them runs. */
    usage: yield* Effect.cached(
      Effect.gen(function* () {
        yield* work
        // Rehearsing takes memory that a run does not.
        const processBytes = yield* resident
        return { ...(yield* rehearsed(begun)), processBytes }
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

export type Subject = Effect.Success<ReturnType<typeof subject>>
