/**
 * Lays out the packages that carry the native engine, one for each built target: `npm/<target>/`. They are optional
 * dependencies of millrace, chosen by npm by `os`, `cpu` and `libc`, and have no scripts: nothing runs at install.
 *
 *   node --import=tsx scripts/native-packages.ts
 *
 * Publishing is `npm publish` in each folder, before millrace itself, whose `optionalDependencies` name them all at its
 * own version (written here with --depend).
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addonName, packageName, targets } from './native-targets.ts';

const root = new URL('../', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, root));
const read = (path: string): Record<string, unknown> => JSON.parse(readFileSync(at(path), 'utf8'));
const write = (path: string, content: unknown): void =>
  writeFileSync(at(path), `${JSON.stringify(content, null, 2)}\n`);

const { version, license } = read('package.json');
rmSync(at('npm'), { recursive: true, force: true });
const laidOut = targets.filter((target) => {
  const file = addonName(target);
  if (!existsSync(at(`build/engine/${file}`))) return false;
  const folder = `npm/${target.name}`;
  mkdirSync(at(folder), { recursive: true });
  copyFileSync(at(`build/engine/${file}`), at(`${folder}/${file}`));
  copyFileSync(at('LICENSE'), at(`${folder}/LICENSE`));
  write(`${folder}/package.json`, {
    name: packageName(target),
    version,
    description: `The native engine of millrace for ${target.name}.`,
    license,
    main: file,
    files: [file],
    os: [target.platform],
    cpu: [target.arch],
    ...(target.platform === 'linux' ? { libc: [target.name.endsWith('-musl') ? 'musl' : 'glibc'] } : {}),
    preferUnplugged: true,
  });
  return true;
});
console.log(`npm/: ${laidOut.map(packageName).join(', ') || 'nothing is built'}`);

if (process.argv.includes('--depend')) {
  const manifest = read('package.json');
  manifest['optionalDependencies'] = Object.fromEntries(
    laidOut.map((target) => [packageName(target), version]),
  );
  write('package.json', manifest);
}
