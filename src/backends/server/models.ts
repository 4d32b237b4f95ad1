import { Effect, Result, Schema } from "effect"
import type { SamplerFailure } from "../../core/service/index.ts"
import type { Connection } from "./Connection.ts"

const missing = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))

const Model = Schema.Struct({
  id: Schema.String,
  /** Of an adapter: the base model. */
  parent: missing(Schema.String),
  max_model_len: missing(Schema.Int)
})
const decode = Schema.decodeUnknownResult(Schema.Struct({ data: Schema.Array(Model) }))

/** A served model or adapter. */
export type Served = typeof Model.Type

/** What the server serves now. */
export const served = (connection: Connection): Effect.Effect<ReadonlyArray<Served>, SamplerFailure> =>
  Effect.flatMap(connection.json({ path: "/v1/models" }), (json) => {
    const decoded = decode(json)
    return Result.isSuccess(decoded)
      ? Effect.succeed(decoded.success.data)
      : Effect.fail(
          connection.failure({
            kind: "answer",
            reason: "its list of models is none",
            fix: "Give the address of a server with the OpenAI protocol, without /v1."
          })
        )
  })

/** The served model of that name. */
export const servedAs = (connection: Connection, name: string): Effect.Effect<Served, SamplerFailure> =>
  Effect.flatMap(served(connection), (models) => {
    const found = models.find(({ id }) => id === name)
    return found !== undefined
      ? Effect.succeed(found)
      : Effect.fail(
          connection.failure({
            kind: "model",
            reason: `it does not serve "${name}", only ${models.map(({ id }) => `"${id}"`).join(", ") || "nothing"}`,
            fix: "Name one of these, or load it first."
          })
        )
  })
