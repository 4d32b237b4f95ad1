import { Context, Effect } from "effect"

/** Where progress is shown: a terminal, or a log. */
export interface Screen {
  /** Whether lines can be drawn over. */
  readonly redraw: boolean
  readonly colour: boolean
  /** Characters in a line, read at each drawing since windows change. */
  readonly columns: () => number
  /** Shows text as it is. Never fails: progress that cannot be shown must not end a run. */
  readonly write: (text: string) => Effect.Effect<void>
}

/** The screen of this run. Without one provided nothing is shown; the command line gives standard error. */
export const CurrentScreen: Context.Reference<Screen> = Context.Reference<Screen>("rewardflow/Screen", {
  defaultValue: () => ({ redraw: false, colour: false, columns: () => 80, write: () => Effect.void })
})

/** What decides how to draw. */
export interface ScreenFacts {
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** `--no-color` was given. */
  readonly noColour?: boolean
}

const set = (value: string | undefined): boolean => value !== undefined && value !== ""

/**
 * Redraw and colour. Colour needs a terminal or `FORCE_COLOR` (other than `0`), and none of `--no-color`, a
 * non-empty `NO_COLOR`, `TERM=dumb`. Redrawing needs a terminal that is not dumb, whatever the colour.
 *
 * @see https://no-color.org
 */
export const abilities = ({ isTerminal, env, noColour = false }: ScreenFacts): Pick<Screen, "redraw" | "colour"> => {
  const dumb = env["TERM"] === "dumb"
  const forced = set(env["FORCE_COLOR"])
  const wanted = forced ? env["FORCE_COLOR"] !== "0" : isTerminal
  return { redraw: isTerminal && !dumb, colour: wanted && !noColour && !set(env["NO_COLOR"]) && !dumb }
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Text in a style, or as it is where there is no colour. */
export const styled = (screen: Pick<Screen, "colour">, style: keyof typeof codes, text: string): string =>
  screen.colour && text !== "" ? `\u001b[${codes[style]}m${text}\u001b[0m` : text
