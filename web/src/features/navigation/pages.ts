import type { IconName } from '../../components/icon-paths.ts';

/** A page that the navigation leads to; its name is that of its route, and of its word in `nav`. */
export interface NavPage {
  readonly name:
    | 'map'
    | 'vehicles'
    | 'connections'
    | 'reports'
    | 'drivers'
    | 'warnings'
    | 'system'
    | 'settings'
    | 'account'
    | 'welcome';
  readonly icon: IconName;
  /** The letter that, after `g`, leads there. */
  readonly key?: string;
  /** In the bar, or one step away. */
  readonly isMain: boolean;
}

const known: readonly NavPage[] = [
  { name: 'map', icon: 'map', key: 'm', isMain: true },
  { name: 'vehicles', icon: 'vehicles', key: 'v', isMain: true },
  { name: 'connections', icon: 'connections', key: 'c', isMain: true },
  { name: 'reports', icon: 'reports', key: 'r', isMain: true },
  { name: 'drivers', icon: 'drivers', key: 'd', isMain: false },
  { name: 'warnings', icon: 'warnings', key: 'w', isMain: false },
  { name: 'system', icon: 'server', key: 'y', isMain: false },
  { name: 'settings', icon: 'settings', key: 's', isMain: false },
  { name: 'account', icon: 'key', key: 'a', isMain: false },
  { name: 'welcome', icon: 'plus', isMain: false },
];

/** Those of the pages that the router has. */
export const navPages = (hasRoute: (name: string) => boolean): readonly NavPage[] => known.filter(({ name }) => hasRoute(name));

/** The word of a page in the messages. */
export const navWord = ({ name }: NavPage): string => `nav.${name === 'welcome' ? 'connect' : name}`;

/** Whether a path is the page at `pagePath` or below it. */
export const isWithin = (path: string, pagePath: string): boolean =>
  path === pagePath || (pagePath !== '/' && path.startsWith(`${pagePath}/`));
