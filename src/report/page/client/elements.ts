type Child = Node | string | null

/** An element with properties and children; texts stay texts. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children.filter((child) => child !== null))
  return made
}

/** The element of the page with that id; the page has it. */
export function byId<Type extends HTMLElement>(id: string): Type {
  return document.getElementById(id) as Type
}
