-- A vehicle that was ended may come back under another customer, a device that was revoked may be enrolled again: each as a
-- new one with a number of its own, so that nothing of the old one is ever read under it.
alter table vehicles drop constraint vehicles_vin_key;
create unique index vehicles_vin on vehicles (vin) where ended_at is null;
alter table devices drop constraint devices_imei_key;
create unique index devices_imei on devices (imei) where revoked_at is null;
