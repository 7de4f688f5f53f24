import type { ConsentItem, VehicleDetail } from '@milepost/contract/api';

/** Parts of the vehicle page, by the word in the address. */
export const vehicleTabs = ['overview', 'trips', 'charging', 'mileage', 'signals', 'status', 'values'] as const;
export type VehicleTab = (typeof vehicleTabs)[number];

/** What must be granted as it is, of each report, for a part to have something to show to who sees the vehicle by a grant alone. */
const needed: Readonly<Partial<Record<VehicleTab, readonly string[]>>> = {
  trips: ['driving', 'position', 'motion', 'energy'],
  charging: ['energy'],
  mileage: ['mileage', 'tires', 'energy'],
  status: ['status'],
};
const isWhole = ({ time = 'report', above }: ConsentItem): boolean => time === 'report' && above === undefined;

/** The parts that a reader may look at. */
export const tabsFor = ({ sharedItems, latest }: Pick<VehicleDetail, 'sharedItems' | 'latest'>): readonly VehicleTab[] => {
  if (sharedItems === null) return vehicleTabs;
  const whole = new Set(sharedItems.filter(isWhole).map(({ item }) => item));
  return vehicleTabs.filter((tab) => {
    if (tab === 'signals') return Object.keys(latest).length > 0;
    return (needed[tab] ?? []).every((item) => whole.has(item));
  });
};

export const readTab = (text: string, tabs: readonly VehicleTab[] = vehicleTabs): VehicleTab =>
  tabs.find((tab) => tab === text) ?? 'overview';
