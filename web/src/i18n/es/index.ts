import type { Messages } from '../types.ts';
import access from './access.ts';
import account from './account.ts';
import acts from './acts.ts';
import activity from './activity.ts';
import asked from './asked.ts';
import catalogue from './catalogue.ts';
import charging from './charging.ts';
import charts from './charts.ts';
import common from './common.ts';
import connections from './connections.ts';
import drivers from './drivers.ts';
import entry from './entry.ts';
import erasure from './erasure.ts';
import errors from './errors.ts';
import faults from './faults.ts';
import imports from './imports.ts';
import invitations from './invitations.ts';
import management from './management.ts';
import map from './map.ts';
import mileage from './mileage.ts';
import organisations from './organisations.ts';
import partners from './partners.ts';
import period from './period.ts';
import possession from './possession.ts';
import reports from './reports.ts';
import requests from './requests.ts';
import settings from './settings.ts';
import system from './system.ts';
import trips from './trips.ts';
import vehicle from './vehicle.ts';
import vehicles from './vehicles.ts';
import warnings from './warnings.ts';
import welcome from './welcome.ts';

/** Every sentence of the web app in Spanish: one file a page, with the keys of English. */
const messages: Messages = {
  ...common,
  access,
  account,
  acts,
  activity,
  asked,
  catalogue,
  charging,
  charts,
  connections,
  drivers,
  entry,
  erasure,
  errors,
  faults,
  imports,
  invitations,
  management,
  map,
  mileage,
  organisations,
  partners,
  period,
  possession,
  reports,
  requests,
  settings,
  system,
  trips,
  vehicle,
  vehicles,
  warnings,
  welcome,
};
export default messages;
