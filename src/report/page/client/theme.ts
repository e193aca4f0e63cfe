import { THEMES, type Theme } from '../../charts/theme.ts'

const prefersDark = matchMedia('(prefers-color-scheme: dark)')

/** The colours of charts that go with those of the page. */
export function currentTheme(): Theme {
  const chosen = document.querySelector<HTMLInputElement>('input[name="theme"]:checked')?.value ?? 'auto'
  if (chosen === 'dark' || (chosen === 'auto' && prefersDark.matches)) return THEMES.dark
  return THEMES.light
}

/** Calls back when the colours of the page have changed. */
export function onThemeChange(changed: () => void): void {
  prefersDark.addEventListener('change', changed)
  for (const input of document.querySelectorAll('input[name="theme"]')) input.addEventListener('change', changed)
}
