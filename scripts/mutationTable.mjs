// Prints the table of docs/mutation.md from Stryker's JSON reports: `node scripts/mutationTable.mjs REPORT...`.
import { readFileSync } from "node:fs"

const count = (mutants) => {
  const of = (status) => mutants.filter((mutant) => mutant.status === status).length
  const [killed, timeout, survived, uncovered] = ["Killed", "Timeout", "Survived", "NoCoverage"].map(of)
  return { killed, timeout, survived, uncovered, ignored: of("Ignored") }
}

const row = (name, { killed, timeout, survived, uncovered, ignored }) => {
  const detected = killed + timeout
  const score = ((100 * detected) / (detected + survived + uncovered)).toFixed(1)
  return `| ${name} | ${killed} | ${timeout} | ${survived} | ${uncovered} | ${ignored} | ${score} % |`
}

const files = process.argv
  .slice(2)
  .flatMap((path) => Object.entries(JSON.parse(readFileSync(path, "utf8")).files))
  .map(([name, { mutants }]) => ({ folder: name.split("/").at(-2), name: name.split("/").at(-1), mutants }))
  // A file of ignored mutants alone has no score.
  .filter(({ mutants }) => mutants.some(({ status }) => status !== "Ignored"))

const lines = [
  "| file | killed | timeout | survived | no coverage | ignored | score |",
  "|---|---|---|---|---|---|---|"
]
for (const [folder, own] of Map.groupBy(files, ({ folder }) => folder)) {
  lines.push(row(`**${folder}**`, count(own.flatMap(({ mutants }) => mutants))))
  for (const { name, mutants } of own.toSorted((a, b) => a.name.localeCompare(b.name)))
    lines.push(row(name, count(mutants)))
}
process.stdout.write(`${lines.join("\n")}\n`)
