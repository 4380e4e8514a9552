/*
 * Reads the few elements of S3's answers that this service needs. Regular expressions are enough: these elements have no
 * attributes that matter, and no two kinds of elements share a name.
 */

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&', '#34': '"' }

/** The content of every element with that name: text, or XML if it has elements. */
export function textsIn(xml: string, name: string): string[] {
  const elements = xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))
  return Array.from(elements, ([, inner = '']) => (inner.includes('<') ? inner : unescaped(inner)))
}

/** The content of the first element with that name; "" when there is no such element. */
export function textIn(xml: string, name: string): string {
  return textsIn(xml, name)[0] ?? ''
}

function unescaped(text: string): string {
  return text.replace(
    /&([#\w]+);/g,
    (entity, name: string) => (Object.hasOwn(ENTITIES, name) && ENTITIES[name]) || entity,
  )
}
