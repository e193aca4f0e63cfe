import { CHINESE } from './chinese.ts'
import { ENGLISH } from './english.ts'

/** Everything that a report says, in one language. */
export type Language = typeof ENGLISH

export const LANGUAGES = { en: ENGLISH, zh: CHINESE } as const satisfies Readonly<Record<string, Language>>

export type LanguageCode = keyof typeof LANGUAGES
