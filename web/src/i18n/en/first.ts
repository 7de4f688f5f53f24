import access from './access.ts';
import account from './account.ts';
import activity from './activity.ts';
import asked from './asked.ts';
import catalogue from './catalogue.ts';
import charging from './charging.ts';
import charts from './charts.ts';
import common from './common.ts';
import connections from './connections.ts';
import drivers from './drivers.ts';
import entry from './entry.ts';
import errors from './errors.ts';
import faults from './faults.ts';
import imports from './imports.ts';
import invitations from './invitations.ts';
import map from './map.ts';
import mileage from './mileage.ts';
import organisations from './organisations.ts';
import period from './period.ts';
import possession from './possession.ts';
import reports from './reports.ts';
import requests from './requests.ts';
import settings from './settings.ts';
import trips from './trips.ts';
import vehicle from './vehicle.ts';
import vehicles from './vehicles.ts';
import warnings from './warnings.ts';
import welcome from './welcome.ts';

/** What comes with the first page: English sentences of pages that anybody may open next. */
export default {
  ...common,
  access,
  account,
  activity,
  asked,
  catalogue,
  charging,
  charts,
  connections,
  drivers,
  entry,
  errors,
  faults,
  imports,
  invitations,
  map,
  mileage,
  organisations,
  period,
  possession,
  reports,
  requests,
  settings,
  trips,
  vehicle,
  vehicles,
  warnings,
  welcome,
} as const;
