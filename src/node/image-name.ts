/** An image without a tag or digest is the one tagged `latest`. Source: distribution/reference (TagNameOnly). */
export function taggedImage(image: string): string {
  if (image.includes('@')) return image
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

/**
 * The whole name of an image: `nginx:1.25` is `docker.io/library/nginx:1.25`. A first part with a dot or a colon, or `localhost`, is a registry.
 *
 * Source: distribution/reference (ParseNormalizedNamed).
 */
export function fullImageName(image: string): string {
  const tagged = taggedImage(image)
  const slash = tagged.indexOf('/')
  if (slash < 0) return `docker.io/library/${tagged}`
  const first = tagged.slice(0, slash)
  return /[.:]/.test(first) || first === 'localhost' ? tagged : `docker.io/${tagged}`
}

/** As Docker calls it: without its own registry and the library in front. Source: distribution/reference (FamiliarString). */
export function familiarImageName(image: string): string {
  return fullImageName(image).replace(/^docker\.io\/(library\/)?/, '')
}
