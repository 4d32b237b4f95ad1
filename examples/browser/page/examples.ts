/** A problem with an expert's trace of it, and versions of that to begin an edit with. */
export interface Example {
  readonly problem: string
  readonly expert: string
  readonly versions: ReadonlyArray<{ readonly name: string; readonly trace: string }>
}

const trace = (lines: ReadonlyArray<string>, answer: string): string =>
  `<think>\n${lines.join("\n")}\n</think>\n<answer>\n${answer}\n</answer>`

const example = (
  problem: string,
  lines: readonly [string, string, string],
  answer: string,
  wrong: { readonly line: 0 | 1 | 2; readonly text: string; readonly answer: string }
): Example => {
  const expert = trace(lines, answer)
  return {
    problem,
    expert,
    versions: [
      { name: "Right", trace: expert },
      { name: "Wrong number", trace: trace(lines.with(wrong.line, wrong.text), answer) },
      { name: "Wrong final answer", trace: trace(lines, wrong.answer) }
    ]
  }
}

/** Written by hand; each wrong version differs from the expert's trace in one number. */
export const examples: ReadonlyArray<Example> = [
  example(
    "Ann has 4 apples. finds 3. eats 5. gets 4. how many?",
    ["4 + 3 = 7.", "so 7 - 5 = 2 apples.", "then 2 + 4 = 6."],
    "6",
    { line: 1, text: "so 7 - 5 = 3 apples.", answer: "8" }
  ),
  example(
    "Hana has 9 shells. gives 3. loses 4. finds 5. how many?",
    ["first 9 - 3 = 6 shells.", "6 - 4 = 2.", "now 2 + 5 = 7."],
    "7",
    { line: 0, text: "first 9 - 3 = 5 shells.", answer: "2" }
  ),
  example(
    "Ben has 2 coins. wins 5. buys 1. sells 3. how many?",
    ["so 2 + 5 = 7.", "7 + 1 = 8 coins.", "next 8 - 3 = 5 coins."],
    "5",
    { line: 2, text: "next 8 - 3 = 4 coins.", answer: "3" }
  )
]
