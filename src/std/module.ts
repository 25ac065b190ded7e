/**
 * The URL of a module beside the importing one, for threads and processes: it has the importer's own extension,
 * `.ts` in the repository and `.js` in the package.
 *
 * @param importer `import.meta.url`
 * @param path without extension, e.g. `./worker`
 */
export function siblingModule(importer: string, path: string): URL {
  const extension = importer.slice(importer.lastIndexOf('.'));
  return new URL(`${path}${extension}`, importer);
}
