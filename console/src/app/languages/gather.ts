/** `../../today/locales/en.json` → `today`, our own `../locales/en.json` → `app`: each noun's words are a namespace. */
export function gather(files: Record<string, Record<string, unknown>>): Record<string, Record<string, unknown>> {
  const words: Record<string, Record<string, unknown>> = {};
  for (const [path, content] of Object.entries(files)) {
    const noun = /([a-z-]+)\/locales\//.exec(path)?.[1] ?? "app";
    words[noun] = content;
  }
  return words;
}
