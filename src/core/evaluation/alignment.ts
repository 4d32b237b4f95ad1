/** A run of tokens that differs: half-open ranges of both traces, either of which may be empty. */
export interface Edit {
  readonly clean: readonly [start: number, end: number]
  readonly perturbed: readonly [start: number, end: number]
}

/** Cells of the table of lengths beyond which the whole middle counts as one edit. */
const TABLE_LIMIT = 25_000_000

/** Where two sequences differ, in order, by a longest common subsequence of what lies between their equal ends. */
export const edits = <A>(clean: ReadonlyArray<A>, perturbed: ReadonlyArray<A>): ReadonlyArray<Edit> => {
  const most = Math.min(clean.length, perturbed.length)
  let head = 0
  while (head < most && clean[head] === perturbed[head]) head++
  let tail = 0
  while (tail < most - head && clean.at(-1 - tail) === perturbed.at(-1 - tail)) tail++
  const [n, m] = [clean.length - head - tail, perturbed.length - head - tail]
  if (n * m > TABLE_LIMIT) return [{ clean: [head, head + n], perturbed: [head, head + m] }]
  const lengths = new Uint32Array((n + 1) * (m + 1))
  const at = (i: number, j: number): number => lengths[i * (m + 1) + j]!
  const same = (i: number, j: number): boolean => i < n && j < m && clean[head + i] === perturbed[head + j]
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      lengths[i * (m + 1) + j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const found: Array<Edit> = []
  for (let i = 0, j = 0; i < n || j < m; ) {
    const [i0, j0] = [i, j]
    while ((i < n || j < m) && !same(i, j))
      if (i < n && (j === m || at(i + 1, j) >= at(i, j + 1))) i++
      else j++
    found.push({ clean: [head + i0, head + i], perturbed: [head + j0, head + j] })
    while (same(i, j)) {
      i++
      j++
    }
  }
  return found
}

/**
 * The clean token that each perturbed one stands for. Equal tokens are paired; within an edit the perturbed ones are
 * spread evenly over the clean ones; inserted ones stand for the one before them.
 *
 * @returns [perturbed length] indices into the clean trace, which must not be empty
 */
export const counterparts = <A>(clean: ReadonlyArray<A>, perturbed: ReadonlyArray<A>): ReadonlyArray<number> => {
  const out: Array<number> = []
  let shift = 0
  const copyTo = (end: number): void => {
    for (let j = out.length; j < end; j++) out.push(j + shift)
  }
  for (const { clean: c, perturbed: p } of edits(clean, perturbed)) {
    copyTo(p[0])
    const [wide, long] = [c[1] - c[0], p[1] - p[0]]
    for (let o = 0; o < long; o++) out.push(wide === 0 ? Math.max(0, c[0] - 1) : c[0] + Math.floor((o * wide) / long))
    shift = c[1] - p[1]
  }
  copyTo(perturbed.length)
  return out
}
