import { Data } from "effect"
import type { Sequence } from "../../core/learner/index.ts"
import { ChatRejected, type ChatTemplate, type TemplateReport, templateReport } from "../../core/text/index.ts"

/** A template that would leave a part of every prompt out. */
export class UnfitTemplate extends Data.TaggedError("UnfitTemplate")<{
  readonly template: string
  readonly system: "dropped" | "refused"
}> {
  override get message(): string {
    const what = this.system === "dropped" ? "leaves system messages out" : "refuses system messages"
    return `Chat template ${this.template} ${what}. Set dataset.no_system=true: they then begin the user's turn.`
  }
}

/** How the run's template treats conversations. */
export interface TemplateFit extends TemplateReport {
  readonly name: string
}

/** What a template does to conversations; refused where it would lose system messages that they have. @throws BadTemplate */
export const templateFit = (
  template: ChatTemplate,
  { system }: { readonly system: boolean }
): TemplateFit | UnfitTemplate => {
  const report = templateReport(template)
  return report.system === "kept" || !system
    ? { name: template.name, ...report }
    : new UnfitTemplate({ template: template.name, system: report.system })
}

/**
 * Why the mask of some sequence, 1 over its completion with the end token, would teach nothing: it is 1 everywhere, or
 * on the end token alone.
 */
export const unteachable = (
  { name }: ChatTemplate,
  sequences: ReadonlyArray<Sequence.Sequence>
): ChatRejected | undefined => {
  const reject = (kind: "full" | "empty", reason: string) => new ChatRejected({ kind, template: name, reason })
  if (sequences.some(({ prompt }) => prompt.length === 0))
    return reject("full", "it writes a prompt as nothing, so every token would be learned.")
  return sequences.some(({ completion }) => completion.length <= 1)
    ? reject("empty", "a demonstration has no token but its end. Leave out empty demonstrations.")
    : undefined
}

/** The report as text; nothing of a template that only continues what it wrote. */
export const printTemplateFit = ({ name, departures }: TemplateFit): ReadonlyArray<string> =>
  departures.length === 0
    ? []
    : [
        `Chat template ${name} does not always continue what it wrote; completions are learned and scored as they were drawn:`,
        ...departures.map(
          ({ of, expected, found }) => `  ${of}: ${JSON.stringify(expected)} becomes ${JSON.stringify(found)}`
        )
      ]
