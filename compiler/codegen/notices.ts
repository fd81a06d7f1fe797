/**
 * THIRD_PARTY_NOTICES of a bundle: licences ask that their text goes where the code goes. Which packages' code went in
 * is what esbuild says it has read, so a dependency that is added is one whose notice is there.
 */
import { readdir, readFile } from 'node:fs/promises';
import { MillraceError } from '../../runtime/error.ts';

const root = new URL('../../', import.meta.url);
const RULE = '-'.repeat(80);

/** `sources`: files that were bundled, relative to Millrace's package. */
export async function emitNotices(sources: readonly string[]): Promise<string> {
  const packages = [...new Set(sources.flatMap(packageOf))].sort();
  const own = await licenceIn(await ownFolder());
  const parts = [
    "The code in this folder is Millrace's, under this licence. It does not cover the network and its weights.",
    own,
  ];
  for (const folder of packages) {
    const url = new URL(`${folder}/`, root);
    const { name, version } = JSON.parse(await readFile(new URL('package.json', url), 'utf8')) as {
      name: string;
      version: string;
    };
    parts.push(RULE, `It contains code of ${name} ${version}, under this licence.`, await licenceIn(url));
  }
  if (packages.length === 0) parts.push(RULE, 'It contains no code of third parties.');
  return `${parts.join('\n\n')}\n`;
}

/** The folder of the package that a file belongs to, if it is not Millrace's. */
const packageOf = (file: string): string[] => {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return folder === undefined ? [] : [folder];
};

/** Sources are in the package's folder, what is built from them one below. */
const ownFolder = async (): Promise<URL> =>
  (await readdir(root)).includes('package.json') ? root : new URL('../', root);

async function licenceIn(folder: URL): Promise<string> {
  const file = (await readdir(folder)).find((name) => /^(licen[cs]e|copying)(\.|$)/i.test(name));
  if (file === undefined)
    throw new MillraceError('INTERNAL', 'a bundled package has no licence file', { at: folder.pathname });
  return (await readFile(new URL(file, folder), 'utf8')).trim();
}
