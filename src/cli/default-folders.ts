/** Where commands write when they are not told. */
export const BENCH_FOLDER = 'results/bench'
