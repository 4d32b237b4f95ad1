import { unitNamed } from "./quantity.ts"

/** The content of the first command of this name with balanced braces, and the text with it put in its place. */
const unwrapped = (text: string, command: string): string => {
  const start = text.indexOf(`\\${command}{`)
  if (start < 0) return text
  const open = start + command.length + 1
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === "{") depth++
    else if (text[i] === "}" && --depth === 0)
      return text.slice(0, start) + text.slice(open + 1, i) + unwrapped(text.slice(i + 1), command)
  }
  return text
}

/**
 * A formula without what changes nothing but its looks: mathematics mode, boxes, sized delimiters and fractions,
 * spacing, degree signs, units in upright letters, a final dot.
 */
export const plainFormula = (text: string): string =>
  unwrapped(text, "boxed")
    .replace(/\\[()[\]]|\$/g, " ")
    .replace(/\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}/g, (_, words: string) =>
      unitNamed(words.trim().toLowerCase()) === undefined ? ` ${words} ` : " "
    )
    .replace(/\\(?:left|right|bigg?[lr]?|Bigg?[lr]?)(?![a-zA-Z])/g, "")
    .replace(/\\[dt]frac/g, "\\frac")
    .replace(/\\frac\s*(\d)\s*(\d)/g, "\\frac{$1}{$2}")
    .replace(/\\sqrt\s*(\d)/g, "\\sqrt{$1}")
    .replace(/\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-zA-Z])/g, "")
    .replace(/\\[,;:! ]|\\q?quad(?![a-zA-Z])|~/g, " ")
    .replace(/\s*\.\s*$/, "")
    .trim()

/** Both readings of a statement with ±: upper signs, and lower signs; the statement itself without. */
const bothSigns = (statement: string): ReadonlyArray<string> => {
  const [plus, minus] = [/\\pm(?![a-zA-Z])|±/g, /\\mp(?![a-zA-Z])|∓/g]
  if (!/\\[pm][mp](?![a-zA-Z])|[±∓]/.test(statement)) return [statement]
  return [statement.replace(plus, "+").replace(minus, "-"), statement.replace(plus, "-").replace(minus, "+")]
}

/** Parts of an answer that states several: by line, semicolon, "or", "and", and the two readings of ±. */
export const statements = (text: string): ReadonlyArray<string> =>
  text
    .split(/\n|;|\b(?:or|and)\b/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .flatMap(bothSigns)

/** What a statement says of its unknown: "x = 5" says 5. Several equals signs, or none on an unknown, are left. */
export const rightHandSide = (statement: string): string => {
  const parts = statement.split("=")
  return parts.length === 2 && /^\s*[a-zA-Z](?:_\{?\w\}?)?\s*$/.test(parts[0]!) ? parts[1]!.trim() : statement
}
