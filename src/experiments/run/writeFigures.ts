import { Effect } from "effect"
import { type Figure, toSvg } from "../../core/figure/index.ts"
import { RunDirectory } from "../../core/run/index.ts"

/** Writes figures into a run, each a file of its own: `figures/<id>.svg`. */
export const writeFigures = (directory: RunDirectory.RunDirectory, figures: ReadonlyArray<Figure>) =>
  Effect.forEach(
    figures,
    (figure) => RunDirectory.writeArtifact(directory, `figures/${figure.id}.svg`, toSvg(figure)),
    { discard: true }
  )
