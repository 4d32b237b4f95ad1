import { areas } from "../../core/laws/index.ts"
import { type Cell, table } from "../../core/run/index.ts"
import type { Report } from "./Report.ts"

const cellOf = (report: Report, area: Report["areas"][number]["area"]): Cell => {
  const found = report.areas.find((one) => one.area === area)
  if (found === undefined) return null
  const { kept, deviating, broken } = found
  return [
    `${kept}`,
    ...(deviating > 0 ? [`${deviating} known`] : []),
    ...(broken > 0 ? [`${broken} BROKEN`] : [])
  ].join(", ")
}

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `- ${line}`)]

/** Reports as a table, a row an area and a column a backend, with what is not kept below it. */
export const matrix = (reports: ReadonlyArray<Report>): string => {
  const here = reports.filter((report) => report.absent === null)
  const rows = areas.flatMap((area) => {
    const cells = here.map((report) => cellOf(report, area))
    return cells.every((cell) => cell === null) ? [] : [[area, ...cells]]
  })
  const times = ["seconds", ...here.map(({ seconds }) => seconds.toFixed(1))]
  return [
    ...(here.length === 0 ? [] : [table(["laws kept", ...here.map(({ backend }) => backend)], [...rows, times])]),
    ...section(
      "Broken:",
      reports.flatMap(({ backend, broken }) => broken.map(({ law, found }) => `${backend}: ${law}: ${found}`))
    ),
    ...section(
      "Known not to be kept:",
      reports.flatMap(({ backend, deviations }) => deviations.map(({ law, reason }) => `${backend}: ${law}: ${reason}`))
    ),
    ...section(
      "Not on this machine:",
      reports.flatMap((report) => report.absent ?? [])
    )
  ]
    .join("\n")
    .trimStart()
}
