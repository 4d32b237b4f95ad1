import type { Expr } from "../program/index.ts"

/** Every node that the roots need, each once, operands before their users. No recursion: graphs are deep. */
export const order = (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  const opened = new Set<Expr>()
  const done = new Set<Expr>()
  const stack = [...roots].reverse()
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!
    if (opened.has(top)) {
      stack.pop()
      done.add(top)
      continue
    }
    opened.add(top)
    for (let i = top.args.length - 1; i >= 0; i--) if (!opened.has(top.args[i]!)) stack.push(top.args[i]!)
  }
  return [...done]
}
