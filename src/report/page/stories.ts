import { type Chapter, chapterTitle, hopWords, storyOf, type ToldHop } from '../../scenario/story.ts'
import { STORY_LANGUAGES } from '../../scenario/story-language/index.ts'
import { type PageContext, perVariant, section } from './context.ts'
import { type Html, html, type Piece } from './html.ts'
import { rowsOf } from './rows.ts'

/** Stories of a variant at most, and hops of all variants together; what is left out is said. */
const OBJECTS_MAX = 3
const HOPS_MAX = 3000

/** How each rollout went, told from the hops of the result as `towtank trace` tells it. */
export function storiesSection(context: PageContext): Html {
  const { words, result } = context
  const room = Math.floor(HOPS_MAX / result.summary.variants.length)
  return section(
    'stories',
    words.stories.title,
    html`<p>${words.stories.intro} ${words.stories.tell} <code>towtank trace FILE KIND/NAME</code></p>
`,
    perVariant(context, (variant) => {
      const objects = rolledOut(context, variant)
      if (objects.length === 0)
        return html`<p>${words.stories.none}</p>
`
      let left = room
      const story = (object: string): Piece => {
        const chapters = storyOf(result.hops.get(variant)!, object, { all: false })
        return html`<h4><code>${object}</code></h4>
${chapters.map((chapter) => {
  const shown = chapter.hops.slice(0, left)
  left -= shown.length
  return chapterDetails(context, chapter, shown)
})}`
      }
      return [
        objects.slice(0, OBJECTS_MAX).map(story),
        objects.length > OBJECTS_MAX &&
          html`<p class="note">${words.stories.more(objects.slice(OBJECTS_MAX))}</p>
`,
      ]
    }),
  )
}

/** Objects that got a new pod template; where none did, those that were created. In the order in which that began. */
function rolledOut({ result }: PageContext, variant: string): readonly string[] {
  const rollouts = rowsOf(result.events, variant).filter((row) => row.text('kind') === 'rollout')
  const anew = rollouts.filter((row) => row.text('detail') === 'new template')
  return [...new Set((anew.length > 0 ? anew : rollouts).map((row) => row.text('name')))]
}

function chapterDetails({ words, language }: PageContext, chapter: Chapter, shown: readonly ToldHop[]): Html {
  const told = STORY_LANGUAGES[language]
  const title = chapterTitle(chapter, told)
  const cut = chapter.hops.length - shown.length
  const { time, took, who, what, hops, notTold } = words.stories
  const notes = [cut > 0 ? words.stories.cut(cut) : '', chapter.leftOut > 0 ? notTold(chapter.leftOut, chapter.otherPods) : ''].filter(
    (note) => note !== '',
  )
  return html`<details class="chapter"><summary>${title} <span class="quiet">${hops(chapter.hops.length)}</span></summary>
<div class="scroll" role="region" aria-label="${title}" tabindex="0">
<table class="story">
<caption class="hidden-caption">${title}</caption>
<thead><tr><th scope="col" class="number">${time}</th><th scope="col" class="number">${took}</th><th scope="col">${who}</th><th scope="col">${what}</th></tr></thead>
<tbody>
${shown.map((hop) => {
  const one = hopWords(hop, told)
  return html`<tr><td class="number">${one.at} s</td><td class="number">${one.took}</td><td>${one.actor}</td><td>${one.what}${one.why === '' ? '' : html`<span class="why">${told.colon}${one.why}</span>`}</td></tr>
`
})}</tbody>
</table>
</div>
${notes.map(
  (note) => html`<p class="note">${note}</p>
`,
)}</details>
`
}
