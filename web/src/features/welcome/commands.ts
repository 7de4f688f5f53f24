/** Quotes a text for a POSIX shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const json = `-H 'content-type: application/json'`;

/** Logs in as a device and reports one position of now, by curl. */
export const reportCommand = (origin: string, imei: string, secret: string): string => {
  const login = quote(JSON.stringify({ imei, secret }));
  const signals = {
    'Vehicle.CurrentLocation.Latitude': 34.0209,
    'Vehicle.CurrentLocation.Longitude': -6.8416,
    'Vehicle.Speed': 42,
    'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 80,
  };
  return [
    `TOKEN=$(curl -s ${origin}/v1/devices/login ${json} -d ${login} | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${origin}/v1/telemetry ${json} -H "authorization: Bearer $TOKEN" \\`,
    `  -d '{"samples":[{"time":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","signals":${JSON.stringify(signals)}}]}'`,
  ].join('\n');
};

/** Adds a vehicle and its device by curl, for who would rather script it. */
export const enrolCommands = (origin: string): string =>
  [
    `AUTH="authorization: Bearer $MILEPOST_OPERATOR_TOKEN"`,
    `curl -s ${origin}/v1/vehicles -H "$AUTH" ${json} \\`,
    `  -d '{"vin":"0ZZMLP0ST00000001","plate":"FIRST-1","customer":"Example"}'   # answers the vehicle's id`,
    `curl -s ${origin}/v1/devices -H "$AUTH" ${json} \\`,
    `  -d '{"imei":"001000000000017","vehicleId":"<id>"}'   # answers the secret, once`,
  ].join('\n');
