/** A row that scrolls sideways, by finger, wheel, keyboard or its two buttons. */

import type { Entry, Reason } from './api';
import { type Child, h, icon } from './dom';
import type { Say } from './words';

/** The line under a card: only what the shelf's own heading does not say already. */
export function whyLine(say: Say, reasons: readonly Reason[]): string {
  const kind = reasons[0]?.kind;
  return kind === 'popular' || kind === 'trending' ? '' : reasonLine(say, reasons);
}

export function reasonLine(say: Say, reasons: readonly Reason[]): string {
  const first = reasons[0];
  if (!first) return '';
  if (first.kind === 'because_you' && !first.title) return first.text;
  if (first.kind === 'favourite' && !first.tag) return first.text;
  if (first.kind === 'similar' && !first.title) return first.text;
  return say(first.kind, { title: first.title ?? '', tag: first.tag ?? '' });
}

export function shelf(say: Say, title: string, entries: readonly Entry[], card: (entry: Entry) => Child, kind = ''): HTMLElement {
  const row = h('ul', { class: 'row', tabindex: -1 }, entries.map((entry) => h('li', {}, card(entry))));
  const slide = (way: number) => () => row.scrollBy({ left: way * row.clientWidth * 0.85, behavior: 'smooth' });
  return h(
    'section',
    { class: `shelf ${kind}` },
    h(
      'header',
      {},
      h('h2', {}, title),
      h(
        'div',
        { class: 'slides' },
        h('button', { class: 'round', 'aria-label': say('earlier'), onclick: slide(-1) }, icon('left')),
        h('button', { class: 'round', 'aria-label': say('later'), onclick: slide(1) }, icon('right')),
      ),
    ),
    row,
  );
}

/** What a shelf looks like before it is filled. */
export function bones(count: number, shape: 'poster' | 'square'): HTMLElement {
  return h(
    'section',
    { class: 'shelf bones', 'aria-busy': 'true' },
    h('header', {}, h('h2', {}, ' ')),
    h('ul', { class: 'row' }, Array.from({ length: count }, () => h('li', {}, h('div', { class: `cover ${shape}` })))),
  );
}
