import { Result } from "effect"
import type { ChatTemplate } from "./ChatTemplate.ts"
import { ChatRejected } from "./errors.ts"
import type { Tokenizer } from "./Tokenizer.ts"

/**
 * The id of the token that ends an assistant's turn: the template's marker, or the tokenizer's end token where the
 * template has none. Refused where the marker is not one token, so that nothing that is drawn could end a turn.
 */
export const turnEnd = (
  { endOfTurn, name }: ChatTemplate,
  { encode, eosId }: Pick<Tokenizer, "encode" | "eosId">
): Result.Result<number, ChatRejected> => {
  if (endOfTurn === "") return Result.succeed(eosId)
  const [first, ...more] = encode(endOfTurn)
  if (first !== undefined && more.length === 0) return Result.succeed(first)
  const reason = `the end of a turn, "${endOfTurn}", is ${more.length + 1} tokens: the tokenizer is not the template's.`
  return Result.fail(new ChatRejected({ kind: "unended", template: name, reason }))
}
