/**
 * Every way to take one entry of each axis, in the order of an odometer: the last axis turns fastest. Without axes there is one way, which takes
 * nothing.
 */
export function expandGrid<Entry>(axes: readonly (readonly Entry[])[]): readonly (readonly Entry[])[] {
  let combinations: readonly (readonly Entry[])[] = [[]]
  for (const axis of axes) combinations = combinations.flatMap((head) => axis.map((entry) => [...head, entry]))
  return combinations
}

/** How many ways there are, without making them. */
export function gridSize(axes: readonly (readonly unknown[])[]): number {
  return axes.reduce((product, axis) => product * axis.length, 1)
}
