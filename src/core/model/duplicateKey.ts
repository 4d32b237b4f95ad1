/**
 * The first key that occurs twice in one object of a valid JSON text, as it is spelt there, or `undefined`.
 * `JSON.parse` keeps the last value silently, so that two readers could see two different files.
 */
export const duplicateKey = (json: string): string | undefined => {
  const open: Array<Set<string> | undefined> = []
  for (let at = 0; at < json.length; at++) {
    const c = json[at]
    if (c === "{") open.push(new Set())
    else if (c === "[") open.push(undefined)
    else if (c === "}" || c === "]") open.pop()
    else if (c === '"') {
      const from = at
      for (at++; json[at] !== '"'; at++) if (json[at] === "\\") at++
      const keys = open[open.length - 1]
      if (keys === undefined || !/^\s*:/.test(json.slice(at + 1, at + 20))) continue
      const key = JSON.parse(json.slice(from, at + 1)) as string
      if (keys.has(key)) return JSON.stringify(key)
      keys.add(key)
    }
  }
  return undefined
}
