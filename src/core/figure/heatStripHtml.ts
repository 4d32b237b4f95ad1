import { describe, type HeatStrip, type HeatToken, lowestSteps, position, printed, visible } from "./HeatStrip.ts"
import { escapeMarkup } from "./markup.ts"

/** Style of `heatStripHtml`; it expects the theme's custom properties on the page. */
export const heatStripStyle = `
.strip{margin:0;display:grid;gap:.6rem}
.strip figcaption{display:grid;gap:.15rem}
.strip .outcome{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;font-weight:600}
.strip .outcome small{font-weight:400;color:var(--rf-muted)}
.strip .prompt{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.strip ol{list-style:none;margin:0;padding:0;counter-reset:step}
.strip li{counter-increment:step;display:grid;grid-template-columns:1.6rem 1fr auto;gap:.1rem .6rem;align-items:baseline;
 padding:.4rem .5rem;border-left:4px solid transparent;border-top:1px solid var(--rf-rule)}
.strip li::before{content:counter(step);color:var(--rf-muted);font-variant-numeric:tabular-nums;text-align:right}
.strip li.wrong{border-left-color:var(--rf-low)}
.strip .tokens{font-family:var(--rf-code);font-size:.875rem;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere}
.strip .t{padding:.12em 0;border-bottom:2px solid transparent;border-radius:2px;
 background:color-mix(in srgb,var(--tint,transparent) calc(var(--a,0)*1%),transparent)}
.strip .t.low{--tint:var(--rf-low);border-bottom-style:dashed;border-bottom-color:color-mix(in srgb,var(--rf-low) calc(var(--a)*1.6%),transparent)}
.strip .t.high{--tint:var(--rf-high);border-bottom-color:color-mix(in srgb,var(--rf-high) calc(var(--a)*1.6%),transparent)}
.strip .value{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}
.strip .flags{grid-column:2/-1;display:flex;flex-wrap:wrap;gap:.35rem}
.strip .flag{font-size:.75rem;line-height:1.5;padding:0 .5em;border:1px solid currentColor;border-radius:1em;color:var(--rf-muted)}
.strip .flag.error{color:var(--rf-ink);border-color:var(--rf-low);font-weight:600}`

const number = (value: number): string => `<data value="${value}">${escapeMarkup(printed(value))}</data>`

const token = (strip: HeatStrip, { text, value }: HeatToken): string => {
  const at = position(strip, value)
  const side = at < 0 ? " low" : at > 0 ? " high" : ""
  const title = value === null ? "no reward" : `reward ${printed(value)}`
  // At most 60% of the hue, which leaves the text a contrast of at least 4.5 to 1 on both surfaces.
  return `<span class="t${side}" style="--a:${(60 * Math.abs(at)).toFixed(0)}" title="${title}">${escapeMarkup(visible(text))}</span>`
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
