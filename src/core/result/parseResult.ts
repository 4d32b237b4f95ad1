import { Result } from "effect"
import { parseRow, ResultRow, type RowError, type RowPlace } from "../data/index.ts"
import { publishedRow } from "./publishedRow.ts"
import { type KeyedRow, keyed } from "./RowKey.ts"

const parse = parseRow(ResultRow)

/** Strings are passed over first, so that a text that speaks of NaN stays what it is. */
const BARE_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g

/** Python writes NaN and Infinity as bare words, which are no JSON: each becomes null in its place. */
const withoutNonFinite = (text: string): string =>
  /NaN|Infinity/.test(text) ? text.replace(BARE_NON_FINITE, (m) => (m.startsWith('"') ? m : "null")) : text

/** One line of a result file, published ones included, or everything that is wrong with it. */
export const parseResult = (text: string, place: RowPlace): Result.Result<KeyedRow, ReadonlyArray<RowError>> =>
  Result.map(parse(withoutNonFinite(text), place), (row) => keyed(publishedRow(row)))
