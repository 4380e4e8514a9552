/**
 * Reads items whose results share one budget, in order and at most `maxParallel` at a time. Each read may spend an equal
 * share of what is left, so that one large item leaves room for the others. Once the budget is spent, no further item is
 * read.
 * @param read gets the share of the item and answers the cost of its result, in the unit of the budget
 * @returns the results in the order of the items; null for an item that was not read. Rejects with the first failure
 */
export async function withinBudget<Item, Result>(
  items: readonly Item[],
  { budget, maxParallel }: { budget: number; maxParallel: number },
  read: (item: Item, share: number) => Promise<{ result: Result; cost: number }>,
): Promise<(Result | null)[]> {
  const results: (Result | null)[] = items.map(() => null)
  let free = budget
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const share = Math.floor(free / (items.length - next))
      if (share <= 0) return
      const i = next++
      free -= share
      const { result, cost } = await read(items[i] as Item, share)
      free += share - cost
      results[i] = result
    }
  }
  await Promise.all(Array.from({ length: Math.min(maxParallel, items.length) }, worker))
  return results
}
