import type { Rolldown } from 'tsdown'

export function thirdPartyNotices(): Rolldown.Plugin
