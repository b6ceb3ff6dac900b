/** `../../today/locales/en.json` → `today`: each noun's words are a namespace of their own. */
export function gather(files: Record<string, Record<string, unknown>>): Record<string, Record<string, unknown>> {
  const words: Record<string, Record<string, unknown>> = {};
  for (const [path, content] of Object.entries(files)) {
    const noun = /([a-z-]+)\/locales\//.exec(path)?.[1];
    if (noun) words[noun] = content;
  }
  return words;
}
