import type { ServerConfig } from '@milepost/contract/api';
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
    | 'access'
    | 'requests'
    | 'activity'
    | 'partners'
    | 'apps'
    | 'organisations'
    | 'people'
    | 'audit'
    | 'limits'
    | 'claim'
    | 'welcome';
  readonly icon: IconName;
  /** The letter that, after `g`, leads there. */
  readonly key?: string;
  /** In the bar, or one step away. */
  readonly isMain: boolean | ((you: You | undefined) => boolean);
  /** Whom it is for; everybody who is known unless said. */
  readonly isFor?: (you: You) => boolean;
}

/** Who is signed in, as far as it decides where there is something to see. */
export type You = Pick<ServerConfig['you'], 'name' | 'isOperator' | 'isStaff' | 'customers' | 'partners'>;

const isFleet = ({ isStaff, customers }: You): boolean => isStaff || customers.length > 0;
/** Staff see all of the audit log, managers what was done with the members of their fleet. */
const seesAudit = ({ isStaff, customers }: You): boolean => isStaff || customers.some(({ role }) => role === 'manager');
/** Has an account: the bearer of the operator's token, and who looks at a demo, have none. */
export const isPerson = ({ name }: Pick<You, 'name'>): boolean => name !== null;
/** For who has a car of their own and works for nobody, who may see it comes before what fleets look at. */
const isOwner = (you: You | undefined): boolean => you !== undefined && !isFleet(you);
const isNoOwner = (you: You | undefined): boolean => !isOwner(you);

const known: readonly NavPage[] = [
  { name: 'map', icon: 'map', key: 'm', isMain: true },
  { name: 'vehicles', icon: 'vehicles', key: 'v', isMain: true },
  { name: 'connections', icon: 'connections', key: 'c', isMain: isNoOwner },
  { name: 'reports', icon: 'reports', key: 'r', isMain: isNoOwner },
  { name: 'access', icon: 'lock', key: 'h', isMain: isOwner, isFor: isPerson },
  { name: 'requests', icon: 'inbox', key: 'q', isMain: isOwner, isFor: isPerson },
  { name: 'activity', icon: 'clock', key: 't', isMain: false, isFor: isPerson },
  { name: 'drivers', icon: 'drivers', key: 'd', isMain: false, isFor: isFleet },
  { name: 'warnings', icon: 'warnings', key: 'w', isMain: false },
  { name: 'system', icon: 'server', key: 'y', isMain: false, isFor: ({ isStaff }) => isStaff },
  { name: 'organisations', icon: 'drivers', key: 'o', isMain: false, isFor: isFleet },
  { name: 'partners', icon: 'plug', key: 'p', isMain: false, isFor: ({ partners }) => partners.length > 0 },
  { name: 'apps', icon: 'plug', isMain: false, isFor: ({ isOperator }) => isOperator },
  { name: 'people', icon: 'drivers', key: 'e', isMain: false, isFor: ({ isOperator }) => isOperator },
  { name: 'audit', icon: 'rows', key: 'l', isMain: false, isFor: seesAudit },
  { name: 'limits', icon: 'filter', isMain: false, isFor: ({ isOperator }) => isOperator },
  { name: 'settings', icon: 'settings', key: 's', isMain: false },
  { name: 'account', icon: 'key', key: 'a', isMain: false },
  { name: 'claim', icon: 'plus', isMain: false, isFor: ({ isStaff }) => !isStaff },
  { name: 'welcome', icon: 'plus', isMain: false, isFor: ({ isOperator }) => isOperator },
];

/** Those of the pages that the router has and that are for somebody. Undefined: it is not known yet who is there. */
export const navPages = (
  hasRoute: (name: string) => boolean,
  you: You | undefined,
): readonly (NavPage & { readonly isMain: boolean })[] =>
  known
    .filter(({ name, isFor }) => hasRoute(name) && (isFor === undefined || (you !== undefined && isFor(you))))
    .map((page) => ({ ...page, isMain: typeof page.isMain === 'function' ? page.isMain(you) : page.isMain }));

/** The word of a page in the messages. */
export const navWord = ({ name }: NavPage): string => `nav.${name === 'welcome' ? 'connect' : name}`;

/** Whether a path is the page at `pagePath` or below it. */
export const isWithin = (path: string, pagePath: string): boolean =>
  path === pagePath || (pagePath !== '/' && path.startsWith(`${pagePath}/`));
