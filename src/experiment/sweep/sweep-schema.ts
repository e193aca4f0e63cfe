import { z } from 'zod'

/** Replications of one combination; more say nothing that these do not. */
export const SEEDS_MAX = 10_000

/**
 * The form of a sweep file. Fields of the scenario and measures are texts with a grammar of their own; they are read when the sweep is planned,
 * where a mistake in one does not hide the others.
 */
export const sweepSchema = z
  .strictObject({
    apiVersion: z.literal('towtank/v1'),
    kind: z.literal('Sweep'),
    metadata: z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
        .meta({ description: 'What the sweep is called; also the name of its results folder' }),
    }),
    spec: z.strictObject({
      scenario: z.string().min(1).meta({ description: 'The scenario file, relative to this file' }),
      variants: z
        .array(z.string())
        .optional()
        .meta({ description: 'Which variants of its compare block to run; all when not given, and none for an empty list' }),
      seeds: z
        .union([z.int().min(1).max(SEEDS_MAX), z.array(z.union([z.string().min(1), z.int()])).min(1)])
        .optional()
        .meta({ description: 'How many seeds each combination is run with, or a list of them; the one of the scenario when not given' }),
      parameters: z
        .record(z.string(), z.array(z.unknown()).min(1))
        .optional()
        .meta({ description: 'Values of fields of the scenario, named by dotted paths; every value is combined with every other' }),
      combinations: z
        .array(z.record(z.string(), z.unknown()))
        .min(1)
        .optional()
        .meta({ description: 'Values that belong together; each entry is combined with those of parameters' }),
      measures: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .meta({ description: 'Which measures to keep, such as requests.latency.*; all when not given' }),
    }),
  })
  .meta({ title: 'Towtank sweep' })
