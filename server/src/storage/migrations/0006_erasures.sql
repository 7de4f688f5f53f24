-- Up Migration

-- What was erased, for ever. The file erasures.ndjson of the data folder holds the same lines: it outlives an older backup of these rows.
create table erasures (
  erasure_no int generated always as identity primary key,
  id text not null unique,
  vehicle_no int not null references vehicles,
  -- Sample times in ms since 1970; the end is exclusive.
  from_ms bigint not null check (from_ms >= 0),
  to_ms bigint not null check (to_ms > from_ms),
  requested_at timestamptz not null,
  why text not null check (length(why) <= 500)
);
create index erasures_vehicle on erasures (vehicle_no);
alter table erasures enable row level security;
alter table erasures force row level security;
create policy migrator on erasures to milepost_migrator using (true);
create policy staff on erasures to milepost_app, milepost_worker using ((select actor_is_staff())) with check ((select actor_is_staff()));
-- Nobody changes or deletes: what is erased stays so.
grant select, insert on erasures to milepost_app;
grant select on erasures to milepost_worker;
