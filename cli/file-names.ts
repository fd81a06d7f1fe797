/** Files for tensors. Names of tensors may hold anything, names of files may not. */

const fileName = (name: string): string => name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_') || '_';

/**
 * A file name for each tensor, without an extension, and each another: of those that would be the same the later ones
 * get a number. File systems may take letters of both cases for one.
 */
export function fileNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const files = new Map<string, string>();
  for (const name of names) {
    const wish = fileName(name);
    let file = wish;
    for (let n = 2; taken.has(file.toLowerCase()); n++) file = `${wish}-${n}`;
    taken.add(file.toLowerCase());
    files.set(name, file);
  }
  return files;
}
