/*
 * The few elements of S3's answers that are of interest. They hold text or other elements, never attributes that
 * count, and no two kinds of the same name.
 */

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&', '#34': '"' }

/** What stands in every element of that name. */
export function textsIn(xml: string, name: string): string[] {
  const elements = xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))
  return Array.from(elements, ([, inner = '']) => (inner.includes('<') ? inner : unescaped(inner)))
}

/** What stands in the first one; "" when there is none. */
export function textIn(xml: string, name: string): string {
  return textsIn(xml, name)[0] ?? ''
}

function unescaped(text: string): string {
  return text.replace(/&([#\w]+);/g, (entity, name: string) => ENTITIES[name] ?? entity)
}
