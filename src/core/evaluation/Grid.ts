/** Positions of a trace at which an error is looked for: every token, or buckets of consecutive ones. */
export interface Grid {
  /** As printed beside every number: a hit on one grid is no hit on another. */
  readonly name: string
  /** Tokens a position; the last bucket may hold fewer. */
  readonly width: number
}

/** Every token. */
export const token: Grid = { name: "token", width: 1 }

/** Buckets of `width` tokens, counted from the completion's first. @throws RangeError unless a whole number >= 1 */
export const interval = (width: number): Grid => {
  if (!Number.isInteger(width) || width < 1)
    throw new RangeError(`A bucket has a whole number of tokens, got ${width}.`)
  return { name: `interval(${width})`, width }
}

/** The position of a token. */
export const place = ({ width }: Grid, t: number): number => Math.floor(t / width)

/** A window of W tokens in positions, rounded up. */
export const window = ({ width }: Grid, tokens: number): number => Math.ceil(tokens / width)

/** Tokens on each side that may count as a hit: W = 1 on buckets of 15 reaches up to 29 tokens away. */
export const reach = (grid: Grid, tokens: number): number => (window(grid, tokens) + 1) * grid.width - 1

/** One value a position: the mean of its finite values, NaN without one. */
export const coarsen = ({ width }: Grid, values: ReadonlyArray<number>): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(values.length / width) }, (_, b) => {
    const finite = values.slice(b * width, (b + 1) * width).filter(Number.isFinite)
    return finite.reduce((x, y) => x + y, 0) / finite.length
  })
