-- Up Migration

-- What a device may log in with. The version grows with each change of it: tokens of a smaller one are refused.
alter table devices
  -- Null: it has no secret yet, and fetches one in an enrolment window.
  alter column secret_hash drop not null,
  add column credential_version int not null default 1 check (credential_version > 0),
  add column secret_issued_at timestamptz,
  add column secret_fetched_at timestamptz,
  -- Until then the device may fetch its secret, once; null: there is no window, or it was used.
  add column enrolment_until timestamptz,
  -- SHA-256 of the one certificate that counts; null: any that the CA has signed for the IMEI.
  add column certificate_sha256 bytea check (length(certificate_sha256) = 32);
update devices set secret_issued_at = created_at;
alter table devices add check ((secret_hash is null) = (secret_issued_at is null));

-- Who changed what a device may log in with, when and from where. Secrets are not in it.
create table credential_events (
  event_no bigint generated always as identity primary key,
  device_no int not null references devices,
  at timestamptz not null,
  event text not null check (event in ('secret_renewed', 'secret_fetched', 'window_opened', 'window_closed', 'certificate_pinned', 'certificate_unpinned')),
  -- The operator, or the device itself.
  actor text not null check (actor in ('operator', 'device')),
  -- Network address of a device that fetched; of a window its end; of a certificate its SHA-256.
  detail text not null check (length(detail) <= 200)
);
create index credential_events_device on credential_events (device_no, event_no);
alter table credential_events enable row level security;
alter table credential_events force row level security;
create policy migrator on credential_events to milepost_migrator using (true);
create policy staff on credential_events to milepost_app, milepost_worker
  using ((select actor_is_staff())) with check ((select actor_is_staff()));
-- Nobody changes or deletes what was.
grant select, insert on credential_events to milepost_app;
grant select on credential_events to milepost_worker;
