/**
 * Code samples of a Markdown page. One that is to be run bears its file's name as its first line, `// model.ts`; a
 * command line in a shell sample (`npx millrace compile model.ts -o dist/model`) says where a model is compiled to.
 */
export interface Sample {
  readonly file: string;
  readonly text: string;
}

export interface Page {
  /** TypeScript samples with names, in the order of the page; one name used again continues the file. */
  readonly samples: readonly Sample[];
  /** Arguments of each `millrace` command. */
  readonly commands: readonly (readonly string[])[];
}

export function readPage(markdown: string): Page {
  const files = new Map<string, string>();
  const commands: string[][] = [];
  for (const [, language, text] of markdown.matchAll(/^```(\w+)[^\n]*\n(.*?)^```/gms)) {
    if (language === 'ts' || language === 'typescript') {
      const file = /^\/\/ ([\w./-]+\.m?ts)\b/.exec(text!)?.[1];
      if (file !== undefined) files.set(file, (files.get(file) ?? '') + text);
    } else
      for (const line of text!.split('\n')) {
        const command = /^\$? ?(?:npx )?millrace (.*?)\s*(?:#.*)?$/.exec(line)?.[1];
        if (command !== undefined) commands.push(command.split(/\s+/));
      }
  }
  return { samples: [...files].map(([file, text]) => ({ file, text })), commands };
}

/** A sample that others compile: it exports what defineModel returns. */
export const isModel = ({ text }: Sample): boolean =>
  /\bdefineModel\b/.test(text) && /^export (default|const)\b/m.test(text) && !/\bload\(/.test(text);
