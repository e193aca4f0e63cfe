/** How often a task is begun before it counts as failed: what ends one machine need not end another. */
export const TRIES = 3

/** Why a worker could not begin a task: the texts of its scenario were not in Redis. The asking side puts them there again. */
export const INPUT_GONE = 'The texts of the scenario are not in Redis any more'

/** What BullMQ says of a job whose worker was gone too often. */
export const LOST_TOO_OFTEN = /stalled more than allowable limit/
