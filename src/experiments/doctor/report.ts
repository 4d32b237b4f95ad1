import { type Screen, Screens } from "../../core/run/index.ts"
import type { Finding, Verdict } from "./Check.ts"

const signs = {
  Passed: ["ok", "green"],
  Warned: ["warning", "yellow"],
  Failed: ["FAILED", "red"],
  Skipped: ["skipped", "dim"]
} as const satisfies { readonly [T in Verdict["_tag"]]: readonly [string, "green" | "yellow" | "red" | "dim"] }

const saidOf = (verdict: Verdict): string => (verdict._tag === "Passed" ? verdict.found : verdict.reason)

/** A finding as lines: what was found, and where it is not well, what to do and why it matters. */
export const printFinding = (
  { name, why, verdict }: Finding,
  width: number,
  screen: Pick<Screen, "colour"> = { colour: false }
): string => {
  const [sign, style] = signs[verdict._tag]
  const indent = " ".repeat(width + 11)
  const first = `${Screens.styled(screen, style, sign.padEnd(9))}${name.padEnd(width + 2)}${saidOf(verdict)}`
  return verdict._tag === "Failed" || verdict._tag === "Warned"
    ? [first, `${indent}Fix: ${verdict.fix}`, `${indent}${Screens.styled(screen, "dim", why)}`].join("\n")
    : first
}

/** All findings as a table, with how many of each verdict there are below. */
export const printFindings = (findings: ReadonlyArray<Finding>, screen?: Pick<Screen, "colour">): string => {
  const width = Math.max(0, ...findings.map(({ name }) => name.length))
  const count = (tag: Verdict["_tag"]) => findings.filter(({ verdict }) => verdict._tag === tag).length
  const parts = [
    `${count("Passed")} passed`,
    ...(count("Warned") > 0 ? [`${count("Warned")} with a warning`] : []),
    ...(count("Failed") > 0 ? [`${count("Failed")} failed`] : []),
    ...(count("Skipped") > 0 ? [`${count("Skipped")} skipped`] : [])
  ]
  return [...findings.map((finding) => printFinding(finding, width, screen)), "", `${parts.join(", ")}.`].join("\n")
}

/** A finding as `--json` gives it: its verdict in lower case, with what belongs to it. */
export const jsonOf = ({ name, why, verdict, seconds }: Finding) => {
  const { _tag, ...said } = verdict
  return { name, verdict: _tag.toLowerCase(), ...said, why, seconds }
}
