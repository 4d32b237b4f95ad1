/** Characters that XML forbids even when escaped; a sampled trace may hold any of them. */
const isForbidden = (code: number): boolean =>
  (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code === 0xfffe || code === 0xffff

/**
 * Text that is safe as content and as a quoted attribute of XML and HTML. Forbidden control characters and lone
 * surrogates become U+FFFD, so that hostile or broken text can neither open a tag nor break the document.
 */
export const escapeMarkup = (text: string): string =>
  Array.from(text.toWellFormed(), (character) => {
    if (isForbidden(character.codePointAt(0)!)) return "\ufffd"
    switch (character) {
      case "&":
        return "&amp;"
      case "<":
        return "&lt;"
      case ">":
        return "&gt;"
      case '"':
        return "&quot;"
      case "'":
        return "&#39;"
      default:
        return character
    }
  }).join("")

/** The text without what XML forbids, for libraries that escape the rest themselves. */
export const printable = (text: string): string =>
  Array.from(text.toWellFormed(), (c) => (isForbidden(c.codePointAt(0)!) ? "\ufffd" : c)).join("")
