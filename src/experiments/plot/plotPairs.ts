import { Console, Effect, FileSystem, Result, Stream } from "effect"
import { Jsonl } from "../../core/data/index.ts"
import { type NamedPair, namePairs, parsePair, ResultFile } from "../../core/result/index.ts"
import type { PlotPairsOptions } from "../commands/index.ts"
import { close } from "./closing.ts"
import type { Trouble } from "./drawJob.ts"
import { pictureOf, tokenRewardsOf, traceText, triptychOf } from "./pairDrawings.ts"
import { localisationDrawing, localisationTable, placesOf, sensitivityTable } from "./pairPlaces.ts"
import { openPress, type Press, writeDrawing, writeTable } from "./pictures.ts"
import { type Critic, readCritic } from "./readCritic.ts"
import { sha256 } from "./readMethod.ts"

const readPairs = (file: string) =>
  Effect.gen(function* () {
    const lines = yield* Stream.runCollect(Jsonl.parsed(file, parsePair))
    const bad = lines.flatMap(({ row }) => (Result.isFailure(row) ? [row.failure[0]!.message] : []))
    return {
      pairs: namePairs(lines.flatMap(({ row }) => (Result.isSuccess(row) ? [row.success] : []))),
      troubles: bad.map((reason): Trouble => ({ kind: "failed", job: file, reason }))
    }
  })

const lackingOf = ({ label, pairs: read, provenance }: Critic, pairs: ReadonlyArray<NamedPair>, traces: string) => {
  const lacking = pairs.length - read.size
  const reason = `${provenance.file} lacks ${lacking} of ${pairs.length} pairs, with rewards in step with their tokens. Score ${traces} with rewardflow score.`
  return lacking === 0 ? [] : [{ kind: "missing", job: label, reason } satisfies Trouble]
}

/** What every pair is drawn from. */
interface Studio {
  readonly root: string
  readonly critics: ReadonlyArray<Critic>
  readonly values: PlotPairsOptions["values"]
  readonly all: ReadonlyArray<NamedPair>
  readonly press: Press
}

const drawPair = (pair: NamedPair, { root, critics, values, all, press }: Studio) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const picture = pictureOf(pair, critics, { values, all })
    if (picture === undefined) return false
    yield* writeDrawing(root, triptychOf(picture), press)
    yield* fs.writeFileString(`${root}/${picture.id}_trace.txt`, traceText(picture))
    for (const drawing of tokenRewardsOf(picture)) yield* writeDrawing(`${root}/${pair.name}`, drawing, press)
    return true
  })

/**
 * `rewardflow plot pairs`: rewards of clean traces beside those of their copies with an error, by each critic, and where
 * it sees the error. Without a scored file it only writes the traces that are to be scored.
 */
export const plotPairs = Effect.fnUntraced(function* ({ pairs: file, scored, values, ...options }: PlotPairsOptions) {
  const fs = yield* FileSystem.FileSystem
  const root = `${options.outputRoot ?? "./figures"}/pairs`
  yield* fs.makeDirectory(root, { recursive: true })
  const { pairs, troubles } = yield* readPairs(file)
  const traces = `${root}/traces.jsonl`
  yield* ResultFile.write(traces, Stream.fromIterable(pairs.flatMap(({ clean, perturbed }) => [clean, perturbed])))
  const critics: Array<Critic> = []
  for (const { label, file: from } of scored)
    yield* Effect.match(readCritic(label, from, pairs), {
      onSuccess: (critic) => {
        critics.push(critic)
        troubles.push(...lackingOf(critic, pairs, traces))
      },
      onFailure: ({ message: reason }) => {
        troubles.push({ kind: "missing", job: label, reason })
      }
    })
  const told = `${pairs.length} pairs; their traces, to be scored: ${traces}`
  if (critics.length === 0) return yield* close(troubles, told, options.allowMissing)
  const studio: Studio = { root, critics, values, all: pairs, press: yield* openPress }
  const drawn = yield* Effect.filter(pairs.slice(0, options.limit), (pair) => drawPair(pair, studio))
  const places = placesOf(pairs, critics)
  const provenance = {
    pairs: { file, sha256: yield* sha256(file) },
    critics: Object.fromEntries(critics.map(({ label, provenance: own }) => [label, own]))
  }
  yield* writeDrawing(root, localisationDrawing(places), studio.press)
  for (const { label, provenance: own } of critics)
    for (const problem of own.problems) yield* Console.error(`  ${label}: ${problem}`)
  for (const table of [localisationTable(places), sensitivityTable(pairs, critics)])
    yield* writeTable(root, { ...table, provenance })
  if (options.json) yield* Console.log(JSON.stringify(places, undefined, 2))
  yield* close(troubles, `${drawn.length} drawn of ${told}`, options.allowMissing)
})
