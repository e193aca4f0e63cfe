import { CHINESE } from './chinese.ts'
import type { LanguageCode } from './codes.ts'
import { ENGLISH } from './english.ts'
import type { StoryLanguage } from './language.ts'

export type { StoryLanguage } from './language.ts'

/** Languages by their code: one more is a file beside this one, a line here and its code in `codes.ts`. */
export const STORY_LANGUAGES = { en: ENGLISH, zh: CHINESE } as const satisfies Record<LanguageCode, StoryLanguage>

export type { LanguageCode } from './codes.ts'
