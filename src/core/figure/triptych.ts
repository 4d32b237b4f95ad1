import { columnWidth, type Drawing, panels } from "./Drawing.ts"
import { counted, type Figure, type Point } from "./Figure.ts"
import { paperSeries } from "./looks.ts"

/** Rewards of a clean trace and of the same trace with an error, by one critic. */
export interface TriptychPanel {
  readonly critic: string
  /** One value a token; `null` where there is none. */
  readonly clean: ReadonlyArray<number | null>
  readonly perturbed: ReadonlyArray<number | null>
}

/** The two traces, aligned. */
export interface Triptych {
  readonly id: string
  readonly title: string
  readonly panels: ReadonlyArray<TriptychPanel>
  /** Column of each clean token in the common alignment, and of each perturbed one. */
  readonly cleanColumns: ReadonlyArray<number>
  readonly perturbedColumns: ReadonlyArray<number>
  /** Columns at which the traces differ. */
  readonly changed: ReadonlyArray<number>
  /** What was done to the values, e.g. `as scored`. */
  readonly reading: string
}

/** Where two lists of tokens stand side by side: equal tokens share a column, others have one of their own. */
export const alignTokens = (clean: ReadonlyArray<string>, perturbed: ReadonlyArray<string>) => {
  const [n, m] = [clean.length, perturbed.length]
  const longest = Array.from({ length: n + 1 }, () => new Int32Array(m + 1))
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      longest[i]![j] =
        clean[i] === perturbed[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  const cleanColumns: Array<number> = []
  const perturbedColumns: Array<number> = []
  const changed: Array<number> = []
  let [i, j, column] = [0, 0, 0]
  while (i < n || j < m) {
    if (i < n && j < m && clean[i] === perturbed[j]) {
      cleanColumns.push(column)
      perturbedColumns.push(column)
      i += 1
      j += 1
      column += 1
      continue
    }
    // A run of tokens that were replaced shares its columns, so that a changed number is one place and not two.
    const [i0, j0] = [i, j]
    while (i < n && (j >= m || longest[i + 1]![j]! >= longest[i]![j + 1]!) && !(j < m && clean[i] === perturbed[j]))
      i += 1
    while (j < m && !(i < n && clean[i] === perturbed[j]) && (i >= n || longest[i]![j + 1]! >= longest[i + 1]![j]!))
      j += 1
    for (let k = i0; k < i; k++) cleanColumns.push(column + k - i0)
    for (let k = j0; k < j; k++) perturbedColumns.push(column + k - j0)
    const width = Math.max(i - i0, j - j0)
    for (let k = 0; k < width; k++) changed.push(column + k)
    column += width
  }
  return { cleanColumns, perturbedColumns, changed }
}

const quantile = (sorted: ReadonlyArray<number>, q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0

const line = (
  series: string,
  values: ReadonlyArray<number | null>,
  columns: ReadonlyArray<number>,
  [low, high]: readonly [number, number]
): ReadonlyArray<Point> =>
  values.flatMap((y, t) => (y === null ? [] : [{ series, x: columns[t]!, y: Math.max(low, Math.min(high, y)) }]))

/** Rewards of a clean and a perturbed trace, token by token, one panel a critic; upright lines mark what was changed. */
export const triptych = (of: Triptych): Drawing => {
  const figures = of.panels.map((panel, p): Figure => {
    const values = [...panel.clean, ...panel.perturbed].filter((v) => v !== null).sort((a, b) => a - b)
    const domain = [quantile(values, 0.01), quantile(values, 0.99)] as const
    const [low, high] = domain[0] < domain[1] ? domain : [domain[0] - 0.5, domain[0] + 0.5]
    const air = 0.05 * (high - low)
    return {
      id: `${of.id}-${p + 1}`,
      title: panel.critic,
      caption: "",
      x: { label: p === of.panels.length - 1 ? "token" : "", format: "integer" },
      y: { label: "reward", format: "number", domain: [low - air, high + air] },
      series: paperSeries([
        ["clean", "clean"],
        ["perturbed", "perturbed"]
      ]),
      layers: [
        ...of.changed.map((x) => ({ _tag: "Upright", x, label: "" }) as const),
        {
          _tag: "Lines",
          interval: "none",
          points: [
            ...line("clean", panel.clean, of.cleanColumns, [low, high]),
            ...line("perturbed", panel.perturbed, of.perturbedColumns, [low, high])
          ]
        }
      ],
      empty: "No token has a reward."
    }
  })
  const caption = `Rewards (${of.reading}) of a clean trace of ${counted(of.cleanColumns.length, "token")} and of the same trace with an error, of ${counted(of.perturbedColumns.length, "token")}, aligned so that equal tokens share a place; upright lines: ${counted(of.changed.length, "changed token")}; vertical range: 1st to 99th percentile, values outside it lie on its edge.`
  return panels({ id: of.id, title: of.title, caption }, figures, { width: columnWidth, height: 150 })
}
