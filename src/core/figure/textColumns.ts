const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const none = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u

/** Columns of a fixed-width font that a character takes: two for Chinese, Japanese, Korean and emoji, none for marks. */
export const columnsOfCharacter = (character: string): number =>
  none.test(character) ? 0 : wide.test(character) ? 2 : 1

/** Columns that a text takes. */
export const textColumns = (text: string): number =>
  Array.from(text).reduce((columns, character) => columns + columnsOfCharacter(character), 0)

/** A text in parts of at most so many columns, and at least one character. */
export const cutAtColumns = (text: string, columns: number): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let [part, taken] = ["", 0]
  for (const character of text) {
    const own = columnsOfCharacter(character)
    if (part !== "" && taken + own > columns) {
      parts.push(part)
      part = ""
      taken = 0
    }
    part += character
    taken += own
  }
  return part === "" ? parts : [...parts, part]
}
