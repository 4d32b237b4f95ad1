import type { JudgedTrace } from "../learn/JudgedTrace.ts"
import { element } from "./element.ts"
import { reward } from "./numbers.ts"

const row = (name: string, ...cells: ReadonlyArray<string>): HTMLElement =>
  element("tr", {}, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell)))

/** Both traces in numbers, and what the edit changes. */
export const comparison = (expert: JudgedTrace, edited: JudgedTrace): HTMLElement => {
  const numbers = ({ total, lowest }: JudgedTrace) => [reward(total), reward(lowest)]
  const head = ["total reward", "lowest token"].map((name) => element("th", { scope: "col" }, name))
  return element(
    "table",
    {},
    element("caption", {}, "Rewards of both traces, in logits"),
    element("thead", {}, element("tr", {}, element("td"), ...head)),
    element(
      "tbody",
      {},
      row("Expert's trace", ...numbers(expert)),
      row("Your trace", ...numbers(edited)),
      row("Difference", reward(edited.total - expert.total), reward(edited.lowest - expert.lowest))
    )
  )
}
