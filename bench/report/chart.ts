/** A bar with the range of its repeats. */
interface Bar {
  name: string
  value: number
  low: number
  high: number
}

export interface BarGroup {
  label: string
  bars: readonly Bar[]
}

const WIDTH = 760
const LABEL_WIDTH = 150
const VALUE_WIDTH = 90
const BAR_HEIGHT = 14
const GROUP_GAP = 14
const TOP = 64
const FONT = 'font-family="system-ui, sans-serif" font-size="12"'
const COLOURS = ['#9aa5b1', '#52606d', '#1f77b4', '#e08a1e', '#3a9d5d', '#a34fa8']

/** Horizontal bars in groups, as an SVG that is readable on light and dark pages. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))]
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ high }) => high)))
  const scale = (value: number) => (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH)
  const parts: string[] = []
  let y = TOP
  for (const { label, bars } of groups) {
    const middle = y + (bars.length * BAR_HEIGHT) / 2 + 4
    parts.push(`<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end" fill="#1f2933">${escaped(label)}</text>`)
    for (const bar of bars) {
      parts.push(...barAt(bar, y, COLOURS[names.indexOf(bar.name) % COLOURS.length] as string, scale))
      y += BAR_HEIGHT
    }
    y += GROUP_GAP
  }
  const legend = names.map((name, i) => {
    const x = 12 + i * 180
    const colour = COLOURS[i % COLOURS.length]
    return `<rect x="${x}" y="36" width="10" height="10" fill="${colour}"/><text x="${x + 15}" y="45" fill="#1f2933">${escaped(name)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" ${FONT}>`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    `<text x="12" y="22" font-size="15" font-weight="600" fill="#1f2933">${escaped(title)}</text>`,
    ...legend,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function barAt({ value, low, high }: Bar, y: number, colour: string, scale: (value: number) => number): string[] {
  const middle = y + BAR_HEIGHT / 2
  const [from, to] = [LABEL_WIDTH + scale(low), LABEL_WIDTH + scale(high)].map((x) => x.toFixed(1))
  return [
    `<rect x="${LABEL_WIDTH}" y="${y + 1}" width="${scale(value).toFixed(1)}" height="${BAR_HEIGHT - 2}" fill="${colour}"/>`,
    `<line x1="${from}" y1="${middle}" x2="${to}" y2="${middle}" stroke="#1f2933"/>`,
    `<text x="${LABEL_WIDTH + scale(high) + 6}" y="${middle + 4}" fill="#1f2933">${numberOf(value)}</text>`,
  ]
}

/** A number with three significant digits and thousands separators. */
export function numberOf(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
