const name = /^[A-Za-z_:][\w:.-]*/
const entity = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML forbids
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/**
 * Why a text is not one well-formed XML element, or `undefined` when it is: one root, matched tags, quoted and unique
 * attributes, no bare `<` or `&`, no forbidden character. Comments, DTDs and CDATA are not expected and are refused.
 */
export const xmlProblem = (text: string): string | undefined => {
  const open: Array<string> = []
  let at = 0
  let roots = 0
  if (forbidden.test(text)) return "forbidden character"
  while (at < text.length) {
    const next = text.indexOf("<", at)
    const content = text.slice(at, next < 0 ? text.length : next)
    if (entity.test(content)) return `bare & in content: ${content.slice(0, 40)}`
    if (open.length === 0 && content.trim() !== "") return `text outside the root: ${content.slice(0, 40)}`
    if (next < 0) break
    const isClosing = text[next + 1] === "/"
    const tag = name.exec(text.slice(next + (isClosing ? 2 : 1), next + 80))?.[0]
    if (tag === undefined) return `no tag name at ${text.slice(next, next + 40)}`
    let cursor = next + (isClosing ? 2 : 1) + tag.length
    const seen = new Set<string>()
    while (true) {
      const rest = text.slice(cursor, cursor + 200_000)
      const attribute = /^\s+([\w:.-]+)=("[^"<]*"|'[^'<]*')/.exec(rest)
      if (attribute === null) break
      if (seen.has(attribute[1]!)) return `attribute ${attribute[1]} twice in ${tag}`
      if (entity.test(attribute[2]!)) return `bare & in attribute ${attribute[1]}`
      seen.add(attribute[1]!)
      cursor += attribute[0].length
    }
    const end = /^\s*(\/?)>/.exec(text.slice(cursor, cursor + 20))
    if (end === null) return `tag ${tag} does not end: ${text.slice(cursor, cursor + 40)}`
    at = cursor + end[0].length
    if (isClosing) {
      const last = open.pop()
      if (last !== tag) return `</${tag}> closes <${last}>`
    } else {
      if (open.length === 0) roots += 1
      if (end[1] === "") open.push(tag)
    }
  }
  if (open.length > 0) return `<${open.at(-1)}> is never closed`
  return roots === 1 ? undefined : `${roots} roots`
}
