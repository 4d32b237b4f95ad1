import fc from "fast-check"

/** Rows (traces) and columns (tokens) of the batches that laws are tried on. */
export const [ROWS, WIDTH] = [3, 4] as const

/** One value for each token of a batch, row by row. */
export const perToken = <A>(one: fc.Arbitrary<A>): fc.Arbitrary<ReadonlyArray<A>> =>
  fc.array(one, { minLength: ROWS * WIDTH, maxLength: ROWS * WIDTH })

/** Multiples of 1/8 up to ±most: sums of them are exact. */
export const eighths = (most: number): fc.Arbitrary<number> =>
  fc.integer({ min: -8 * most, max: 8 * most }).map((n) => n / 8)

/** How far the columns of a batch stand from the left when it is as wide again as `WIDTH`. */
export const offsets: fc.Arbitrary<number> = fc.integer({ min: 0, max: WIDTH })

/** The batch in a wider one, `offset` columns from the left; the others hold `padding`. */
export const widened = (values: ReadonlyArray<number>, offset: number, padding: number): ReadonlyArray<number> =>
  Array.from({ length: ROWS * 2 * WIDTH }, (_, i) => {
    const [row, column] = [Math.floor(i / (2 * WIDTH)), (i % (2 * WIDTH)) - offset]
    return column >= 0 && column < WIDTH ? values[row * WIDTH + column]! : padding
  })

/** The values of rows `from` up to `to`, and `other` in the remaining rows. */
export const rowsOf = (values: ReadonlyArray<number>, from: number, to: number, other = 0): ReadonlyArray<number> =>
  values.map((x, i) => (i >= from * WIDTH && i < to * WIDTH ? x : other))

/** Where a batch is cut in two: rows before it, and the rest. */
export const cuts: fc.Arbitrary<number> = fc.integer({ min: 1, max: ROWS - 1 })

const permutation = (n: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, i) => i),
    { minLength: n }
  )

/** Places of all tokens after rows, and columns alike in every row, were put in another order. */
export const reordered: fc.Arbitrary<ReadonlyArray<number>> = fc
  .tuple(permutation(ROWS), permutation(WIDTH))
  .map(([rows, columns]) => rows.flatMap((row) => columns.map((column) => row * WIDTH + column)))

/** Places of all tokens in any order. */
export const mixed: fc.Arbitrary<ReadonlyArray<number>> = permutation(ROWS * WIDTH)
