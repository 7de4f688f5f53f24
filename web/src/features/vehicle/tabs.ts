/** Parts of the vehicle page, by the word in the address. */
export const vehicleTabs = ['overview', 'trips', 'charging', 'mileage', 'signals', 'status', 'values'] as const;
export type VehicleTab = (typeof vehicleTabs)[number];

export const readTab = (text: string): VehicleTab => vehicleTabs.find((tab) => tab === text) ?? 'overview';
