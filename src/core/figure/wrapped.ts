import { cutAtColumns, textColumns } from "./textColumns.ts"

/** Running text in lines of at most so many columns, cut at spaces where there are any. */
export const wrapped = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && textColumns(last) + textColumns(word) < columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(...cutAtColumns(word, columns))
  }
  return lines
}
