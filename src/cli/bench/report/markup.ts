/** Pieces of HTML and SVG as text. */

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element; `content` is markup already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

export function text(attributes: Attributes, words: string): string {
  return element('text', attributes, escapeText(words));
}

/** A number of an SVG, with a tenth of a pixel. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A line through points of the picture. */
export function linePath(xs: readonly number[], ys: readonly number[]): string {
  return xs.map((x, i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(ys[i] ?? 0)}`).join('');
}

/** The same, level until each next point. */
export function stepPath(xs: readonly number[], ys: readonly number[]): string {
  return xs
    .map((x, i) => (i === 0 ? `M${px(x)} ${px(ys[i] ?? 0)}` : `H${px(x)}V${px(ys[i] ?? 0)}`))
    .join('');
}

/** Dots, as a path of lines without length: the shortest way to write many. */
export function dotPath(xs: readonly number[], ys: readonly number[]): string {
  return xs.map((x, i) => `M${px(x)} ${px(ys[i] ?? 0)}h0`).join('');
}

/** Small crosses. */
export function crossPath(xs: readonly number[], ys: readonly number[], arm: number): string {
  const long = px(2 * arm);
  return xs
    .map((x, i) => {
      const y = ys[i] ?? 0;
      const [left, right] = [px(x - arm), px(x + arm)];
      return `M${left} ${px(y - arm)}l${long} ${long}M${right} ${px(y - arm)}l-${long} ${long}`;
    })
    .join('');
}

/** A picture with a name and a description for those who do not see it. */
export function picture(
  id: string,
  size: { readonly width: number; readonly height: number },
  about: { readonly title: string; readonly description: string },
  content: string,
): string {
  const [titleId, descriptionId] = [`${id}-t`, `${id}-d`];
  return element(
    'svg',
    {
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
    },
    element('title', { id: titleId }, escapeText(about.title)) +
      element('desc', { id: descriptionId }, escapeText(about.description)) +
      content,
  );
}
