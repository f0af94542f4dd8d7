/**
 * The files of each part, by their names. A build that takes parts out of the module writes them here; bundlers have to
 * see each of their names once.
 *
 * @type {Record<string, Record<string, () => URL>>}
 */
export const FILES = {};
