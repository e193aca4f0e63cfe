import { CHINESE } from './chinese.ts'
import { ENGLISH } from './english.ts'
import type { StoryLanguage } from './language.ts'

export type { StoryLanguage } from './language.ts'

/** Languages by their code (ISO 639-1): one more is a file beside this one and a line here. */
export const STORY_LANGUAGES = { en: ENGLISH, zh: CHINESE } as const satisfies Record<string, StoryLanguage>

export type LanguageCode = keyof typeof STORY_LANGUAGES
