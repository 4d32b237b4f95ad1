import { describe, type HeatStrip, type HeatToken, lowestSteps } from "./HeatStrip.ts"
import { escapeMarkup } from "./markup.ts"
import { position, printed, stripStyle, tint, visible } from "./strip/index.ts"

/** Style of `heatStripHtml`; it expects the theme's custom properties on the page. */
export const heatStripStyle = `
.strip{margin:0;display:grid;gap:.6rem}
.strip figcaption{display:grid;gap:.15rem}
.strip .outcome{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;font-weight:600}
.strip .outcome small{font-weight:400;color:var(--rf-muted)}
.strip .prompt{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}${stripStyle}`

const number = (value: number): string => `<data value="${value}">${escapeMarkup(printed(value))}</data>`

const token = (strip: HeatStrip, { text, value }: HeatToken): string => {
  const { side, style } = tint(position(strip, value))
  const title = value === null ? "no reward" : `reward ${printed(value)}`
  return `<span class="t${side === "" ? "" : ` ${side}`}" style="${style}" title="${title}">${escapeMarkup(visible(text))}</span>`
}

/**
 * A trace, one row a step: tokens tinted by their reward around the run's mean (dashed underline below the mean,
 * solid above, the value on hover), the step's value in print, and the true first wrong step marked.
 */
export const heatStripHtml = (strip: HeatStrip): string => {
  const lowest = lowestSteps(strip)
  const steps = strip.steps.map((step, s) => {
    const isWrong = s === strip.firstWrongStep
    const flags = [
      isWrong ? '<span class="flag error">true first wrong step</span>' : "",
      lowest.includes(s) ? '<span class="flag">lowest reward</span>' : ""
    ].join("")
    return [
      `<li${isWrong ? ' class="wrong"' : ""}><span class="tokens">`,
      step.tokens.map((one) => token(strip, one)).join(""),
      `</span><span class="value">${step.value === null ? "" : number(step.value)}</span>`,
      flags === "" ? "" : `<span class="flags">${flags}</span>`,
      "</li>"
    ].join("")
  })
  const answers = [
    strip.finalAnswer === null ? "no answer" : `answered ${strip.finalAnswer}`,
    strip.expectedAnswer === null ? "" : `expected ${strip.expectedAnswer}`
  ].filter((part) => part !== "")
  return [
    `<figure class="strip" id="${escapeMarkup(strip.id)}" aria-label="${escapeMarkup(describe(strip))}"><figcaption>`,
    `<span class="outcome">${strip.isCorrect ? "✓ Right trace" : "✗ Wrong trace"}`,
    `<small>${escapeMarkup(strip.title)} · ${escapeMarkup(answers.join(", "))}</small></span>`,
    `<p class="prompt">${escapeMarkup(strip.prompt)}</p></figcaption>`,
    steps.length === 0 ? '<p class="empty">This trace has no tokens.</p>' : `<ol>${steps.join("")}</ol>`,
    "</figure>"
  ].join("")
}
