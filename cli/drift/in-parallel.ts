const AT_A_TIME = 16;

/** Does something with each, a few at a time; the results are in the order of the input. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const next = items.entries();
  const work = async () => {
    for (const [index, item] of next) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}
