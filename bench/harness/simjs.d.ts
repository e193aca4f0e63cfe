/** It exports nothing: it gives itself to a browser's `window`. */
declare module 'simjs'
