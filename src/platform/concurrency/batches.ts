/**
 * Items in batches of so many items and so many bytes at most, in order. An item larger than a batch may be stands
 * alone.
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
