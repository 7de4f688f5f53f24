-- Up Migration

-- When warnings of vehicles were raised and ended. Sample times in ms since 1970, so that an erasure finds them by its period.
create table warnings (
  warning_no bigint generated always as identity primary key,
  id text not null unique default 'wrn_' || replace(gen_random_uuid()::text, '-', ''),
  vehicle_no int not null references vehicles,
  code text not null check (code ~ '^[a-z_]{1,40}$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  raised_ms bigint not null check (raised_ms >= 0),
  -- Null: it is active.
  ended_ms bigint check (ended_ms >= raised_ms),
  -- When people were told last, by the server's clock; null: never, it was old when it was found.
  rang_ms bigint check (rang_ms >= 0),
  -- How often it came: one that comes again shortly after its end goes on.
  times int not null default 1 check (times > 0),
  -- What it is about: wheels, codes, figures. No personal data.
  detail jsonb not null check (jsonb_typeof(detail) = 'object'),
  unique (vehicle_no, code, raised_ms)
);
-- A vehicle has a warning once at a time, whoever writes.
create unique index warnings_open on warnings (vehicle_no, code) where ended_ms is null;
create index warnings_newest on warnings (raised_ms desc, warning_no desc);
create index warnings_vehicle on warnings (vehicle_no, raised_ms desc);
create index warnings_ended on warnings (ended_ms) where ended_ms is not null;
create index warnings_rang on warnings (rang_ms) where severity <> 'info';

-- Up to when who reads has seen what rang.
create table warnings_seen (
  reader text primary key check (length(reader) between 1 and 100),
  until_ms bigint not null check (until_ms >= 0)
);

do $$
declare
  name text;
begin
  foreach name in array array['warnings', 'warnings_seen'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app, milepost_worker using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
  end loop;
end
$$;

-- Rows go with the values that they were seen by: erased, or older than they are kept.
grant select, insert, update, delete on warnings to milepost_app;
grant select, insert, update on warnings_seen to milepost_app;
grant select on warnings, warnings_seen to milepost_worker;
