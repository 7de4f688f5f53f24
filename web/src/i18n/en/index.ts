import common from './common.ts';
import map from './map.ts';
import vehicle from './vehicle.ts';
import vehicles from './vehicles.ts';
import welcome from './welcome.ts';

/** Every sentence of the web app in English: one file a page. */
export default { ...common, map, vehicles, vehicle, welcome } as const;
