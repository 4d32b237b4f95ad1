import { escapeMarkup } from "../index.ts"
import { htmlPage } from "./htmlPage.ts"
import * as Overview from "./overview.ts"
import type { ReportData } from "./ReportData.ts"
import * as Sections from "./sections.ts"

/**
 * The report of a run as one self-contained HTML page: no script, no request, light and dark.
 *
 * A pure function of the data; each printed result stands in a `<data>` element with its unrounded value, which is
 * also in the summary of the same data.
 *
 * @param options.rollouts a page beside this one with every rollout, to point to
 */
export const renderReport = (data: ReportData, options: { readonly rollouts?: string } = {}): string =>
  htmlPage({
    title: data.title,
    eyebrow: `rewardflow · ${data.task} · seed ${data.seed}`,
    header: [
      `<p class="lead">${Overview.leadText(data)}</p><p class="about">${escapeMarkup(data.description)}</p>`,
      `<dl class="tiles">${Overview.tiles(data)}</dl>`
    ].join(""),
    sections: [
      Overview.learnedSection(data),
      Sections.rankingSection(data),
      Sections.localisationSection(data),
      Sections.failureSection(data),
      Sections.trainingSection(data),
      Sections.runSection(data)
    ],
    links: options.rollouts === undefined ? [] : [{ to: options.rollouts, text: "All rollouts →" }],
    end: "<footer>Every number shown here is in <code>summary.json</code> beside this page, unrounded.</footer>"
  })
