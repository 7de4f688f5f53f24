-- Up Migration

-- Reports that are made by schedule (docs/reports.md).
create table report_schedules (
  schedule_no int generated always as identity primary key,
  id text not null unique default 'rps_' || replace(gen_random_uuid()::text, '-', ''),
  name text not null check (length(name) between 1 and 100),
  -- What the report is of: period, grouping, filters, time zone, as the API takes it.
  question jsonb not null check (jsonb_typeof(question) = 'object'),
  every text not null check (every in ('daily', 'weekly', 'monthly')),
  weekday smallint not null check (weekday between 1 and 7),
  month_day smallint not null check (month_day between 1 and 31),
  hour smallint not null check (hour between 0 and 23),
  next_run_at timestamptz not null,
  -- Somebody asked for it out of turn.
  is_wanted boolean not null default false,
  last_run_at timestamptz,
  last_problem text check (length(last_problem) <= 500),
  -- Until then one process makes it; each claim counts up, so that one that took too long does not write.
  claimed_until timestamptz,
  claim int not null default 0,
  created_at timestamptz not null
);
create index report_schedules_due on report_schedules (next_run_at);

-- The files lie in the folder reports of the data folder.
create table report_files (
  file_no bigint generated always as identity primary key,
  id text not null unique default 'rpf_' || replace(gen_random_uuid()::text, '-', ''),
  schedule_no int references report_schedules on delete set null,
  schedule_name text not null,
  file_name text not null unique,
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  made_at timestamptz not null,
  rows int not null check (rows >= 0),
  bytes int not null check (bytes >= 0)
);

do $$
declare
  name text;
begin
  foreach name in array array['report_schedules', 'report_files'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy migrator on %I to milepost_migrator using (true)', name);
    execute format(
      'create policy staff on %I to milepost_app, milepost_worker using ((select actor_is_staff())) with check ((select actor_is_staff()))',
      name
    );
    execute format('grant select, insert, update, delete on %I to milepost_app', name);
    execute format('grant select on %I to milepost_worker', name);
  end loop;
end
$$;
