/**
 * ConfigSuggestion: the accepted name that somebody most likely meant.
 *
 * Distance is the number of letters typed wrong, left out, added or swapped (optimal string
 * alignment); a name that would need a third of its letters changed is no suggestion.
 */

export function nearestName(name: string, accepted: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let nearest: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of accepted) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < least && distance < candidate.length) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1]
      const replaced = cell(rows, i - 1, j - 1) + (same ? 0 : 1)
      let best = Math.min(replaced, cell(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1)
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) best = Math.min(best, cell(rows, i - 2, j - 2) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return cell(rows, from.length, to.length)
}

function cell(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? 0
}
