/**
 * Splits items into batches of at most `maxItems` items and `maxBytes` bytes, in order. An item that is larger than
 * `maxBytes` gets a batch of its own.
 */
export function inBatches<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  { maxItems, maxBytes }: { maxItems: number; maxBytes: number },
): Item[][] {
  const batches: Item[][] = []
  let bytes = 0
  for (const item of items) {
    const size = bytesOf(item)
    const open = batches.at(-1)
    if (open && open.length < maxItems && bytes + size <= maxBytes) {
      open.push(item)
      bytes += size
    } else {
      batches.push([item])
      bytes = size
    }
  }
  return batches
}
