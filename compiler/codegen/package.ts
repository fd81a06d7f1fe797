/**
 * The bundle's `package.json`: what lets any project import the folder, whichever kind of module its own files are.
 * Without it, `index.js` is read as the project around it says, and that is CommonJS by default.
 */

export function emitPackage(model: string, compiler: string): string {
  const described = {
    name: packageName(model),
    version: '0.0.0',
    description: `The network "${model}", compiled by ${compiler}.`,
    type: 'module',
    sideEffects: false,
    main: './index.js',
    types: './index.d.ts',
    exports: {
      '.': { types: './index.d.ts', node: './index.js', default: './index.js' },
      // Data and engine, for those who copy or serve them.
      './*': './*',
    },
    engines: { node: '^20.19.0 || >=22.12.0' },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/** As npm allows: lower case letters, digits, dots, hyphens and underscores; it begins with a letter or digit. */
function packageName(model: string): string {
  const name = model
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, 100);
  return name === '' || name === 'node_modules' ? 'model' : name;
}
