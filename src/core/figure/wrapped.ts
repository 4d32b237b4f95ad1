/** Running text in lines of at most so many characters, cut at spaces where there are any. */
export const wrapped = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < columns) lines[lines.length - 1] = `${last} ${word}`
    else for (let i = 0; i < word.length; i += columns) lines.push(word.slice(i, i + columns))
  }
  return lines
}
