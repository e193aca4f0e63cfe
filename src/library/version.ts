import packageFile from '../../package.json' with { type: 'json' }

/** Of Towtank. With a scenario and a seed it makes a result. */
export const VERSION: string = packageFile.version
