const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December"
]
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

const padded = (n: number, width = 2): string => String(n).padStart(width, "0")

/** A date in C's notation, in English and universal time: %Y %m %d %b %B %a %A %y %j %H %M %S %%; others stay. */
export const strftime = (date: Date, format: string): string => {
  const month = months[date.getUTCMonth()]!
  const day = days[date.getUTCDay()]!
  const parts: Readonly<Record<string, string>> = {
    Y: padded(date.getUTCFullYear(), 4),
    y: padded(date.getUTCFullYear() % 100),
    m: padded(date.getUTCMonth() + 1),
    d: padded(date.getUTCDate()),
    B: month,
    b: month.slice(0, 3),
    A: day,
    a: day.slice(0, 3),
    j: padded(1 + Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000), 3),
    H: padded(date.getUTCHours()),
    M: padded(date.getUTCMinutes()),
    S: padded(date.getUTCSeconds()),
    "%": "%"
  }
  return format.replace(/%(.)/g, (whole, letter: string) => parts[letter] ?? whole)
}
