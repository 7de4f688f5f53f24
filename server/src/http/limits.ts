/** Named limits of the HTTP layer. docs/limits.md says what happens at each. */
export const httpLimits = {
  /** A larger JSON body is answered 413. */
  bodyBytesMax: 1024 * 1024,
  /** Longest address of a request; longer ones are answered 414 by the parser or 404. */
  parameterCharactersMax: 200,
  /** Time for the headers of a request to arrive, and for all of it; how often that is looked at. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connectionCheckMs: 2000,
  keepAliveMs: 72_000,
  /** Shorter JSON answers are sent as they are: compressing them saves nothing. */
  compressedBytesMin: 1400,
  /** Connections that the system keeps for us until we take them. */
  backlog: 4096,
  /** Time that requests under way have to end when the server closes. */
  closeGraceMs: 2000,
  /** Values of history written between two turns of the event loop. */
  historyCellsPerSlice: 8000,
  /** Rows × signals that an export reads at once; two of them bound its memory. */
  exportCellsPerPage: 100_000,
  /** Exports under way; each may keep a query of history busy. */
  exportsAtOnceMax: 8,
  /** A client that takes nothing for so long of what is ready for it is cut, and its place is free for others. */
  exportStallMs: 120_000,
  /** Points of one line of GeoJSON; a longer way goes on in the next line, from the same point. */
  exportPointsPerLineMax: 5000,
  /** CSV files of devices that are enrolled at once; each is in memory. */
  csvFilesAtOnceMax: 2,
  /** One line of such a file. */
  csvRowBytesMax: 64 * 1024,
  /** Read of such a file between two looks at everything else. */
  csvBytesPerSlice: 16 * 1024,
  csvLinesPerSlice: 500,
  /** Files that are imported at once. */
  importsAtOnceMax: 4,
  /** Time for all of such a file to arrive, and for the next of it. */
  importTimeoutMs: 3_600_000,
  importStallMs: 60_000,
  /** Raw reports on one page, whatever was asked for: each may be large. */
  reportsPerPageMax: 200,
  /** Status changes looked at for one page when a text is searched for; the page then ends early, with a cursor. */
  statusScanMax: 20_000,
  statusScanStep: 1000,
  /** Vehicles of which the past state is worked out at once for a page: more are read when filters leave too few. */
  fleetVehiclesPerRead: 2000,
  /** Vehicles of a past frame that are written between two turns of the event loop. */
  fleetVehiclesPerSlice: 1000,
  /** Stretches of a driver with a vehicle that are read for one page, and pages of trips that are looked through for harsh events. */
  driverStretchesMax: 50,
  driverTripsPerPage: 100,
  driverTripPagesMax: 20,
  /** Vehicles found by text whose timelines are asked for by number; more are found by scanning. */
  statusVehiclesMax: 500,
} as const;
