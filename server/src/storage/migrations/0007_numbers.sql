-- Up Migration

-- A log that is newer than a restored registry speaks of numbers that this registry has not given yet: they are passed over, so that
-- no new vehicle or device gets the past of another.
grant select, update on sequence vehicles_vehicle_no_seq, devices_device_no_seq to milepost_app;
