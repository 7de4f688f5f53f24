export type { GrantBook } from './book.ts';
export { driverScope, type GrantSources, partnerScope } from './grant-scope.ts';
export { checkItems, isGroup } from './items.ts';
export { grantLimits } from './limits.ts';
export {
  Consents,
  type ConsentsOptions,
  openConsents,
} from './open-consents.ts';
export { type Preview, previewOf } from './preview.ts';
export { sharedVehicleOf, type SharedVehicleParts, shownPrecision, shownUnit, shownValue, type Told } from './shared-vehicle.ts';
export type { StoredGrant } from './stored.ts';
export { isSameHolder } from './types.ts';
export type { Answer, EndReason, Grant, Granter, GrantEvent, GrantReader, Holder as GrantHolder } from './types.ts';
export { makeVehicleIds, type VehicleIds, type VehiclesAsked } from './vehicle-ids.ts';
export { itemsOf, withheldReason } from './withheld.ts';
export type { Narrowing, NewGrants } from './wanted.ts';
export { GrantReminders, remindAtMs } from './reminders.ts';
